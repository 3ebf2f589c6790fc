package telephony;

import com.pulumi.Pulumi;
import com.pulumi.resources.ComponentResourceOptions;
import java.util.List;
import java.util.Map;

public final class App {
    public static void main(String[] args) {
        Pulumi.run(context -> {
            Map<String, Object> topology = Map.of(
                "decisions", Map.of("dcom", "restricted", "h245", "tunnelled"),
                "sites", Map.of("aachen", Map.of(
                    "machines", Map.of(
                        "ac-server", Map.of("addresses", List.of("10.1.0.10"), "roles", List.of("SwyxServer", "PhoneManager")),
                        "ac-gate", Map.of("addresses", List.of("10.1.0.12"), "roles", List.of("SwyxGate"))),
                    "networks", Map.of(
                        "ac-office", Map.of("cidrs", List.of("10.1.20.0/24"), "roles", List.of("SwyxIt", "SwyxPhoneL420"))))));
            Map<String, Object> network = Map.of("vpcTags", Map.of("Name", "aachen"));
            var aachen = new SwyxSite(
                "aachen",
                new SwyxSite.Args("aachen", "aws", network, topology),
                ComponentResourceOptions.Empty);
            context.export("groups", aachen.groupIds());
            context.export("proof", aachen.summary().applyValue(summary -> summary.get("proof")));
        });
    }
}
