package telephony;

import com.pulumi.core.Output;
import com.pulumi.core.annotations.Export;
import com.pulumi.core.annotations.Import;
import com.pulumi.resources.ComponentResource;
import com.pulumi.resources.ComponentResourceOptions;
import com.pulumi.resources.ResourceArgs;
import java.util.Map;

/** The component of the plugin, without a generated SDK: inputs are maps, in camelCase. */
public final class SwyxSite extends ComponentResource {
    @Export(name = "groupIds", refs = {Map.class, String.class}, tree = "[0,1,1]")
    private Output<Map<String, String>> groupIds;

    @Export(name = "summary", refs = {Map.class, String.class, Object.class}, tree = "[0,1,2]")
    private Output<Map<String, Object>> summary;

    public SwyxSite(String name, Args args, ComponentResourceOptions options) {
        super("swyx:index:SwyxSite", name, args, options, true);
    }

    public Output<Map<String, String>> groupIds() {
        return groupIds;
    }

    public Output<Map<String, Object>> summary() {
        return summary;
    }

    /** Which site of which topology, and where it is in the cloud. */
    public static final class Args extends ResourceArgs {
        @Import(name = "site", required = true)
        private final String site;

        @Import(name = "cloud", required = true)
        private final String cloud;

        @Import(name = "network", required = true)
        private final Map<String, Object> network;

        @Import(name = "topology")
        private final Map<String, Object> topology;

        public Args(String site, String cloud, Map<String, Object> network, Map<String, Object> topology) {
            this.site = site;
            this.cloud = cloud;
            this.network = network;
            this.topology = topology;
        }
    }
}
