using System.Collections.Immutable;
using Pulumi;

return await Deployment.RunAsync(() =>
{
    var aachen = new SwyxSite("aachen", new SwyxSiteArgs
    {
        Site = "aachen",
        Cloud = "aws",
        Network = { ["vpcTags"] = new Dictionary<string, object> { ["Name"] = "aachen" } },
        Topology =
        {
            ["decisions"] = new Dictionary<string, object> { ["dcom"] = "restricted", ["h245"] = "tunnelled" },
            ["sites"] = new Dictionary<string, object>
            {
                ["aachen"] = new Dictionary<string, object>
                {
                    ["machines"] = new Dictionary<string, object>
                    {
                        ["ac-server"] = Host("addresses", "10.1.0.10", "SwyxServer", "PhoneManager"),
                        ["ac-gate"] = Host("addresses", "10.1.0.12", "SwyxGate"),
                    },
                    ["networks"] = new Dictionary<string, object>
                    {
                        ["ac-office"] = Host("cidrs", "10.1.20.0/24", "SwyxIt", "SwyxPhoneL420"),
                    },
                },
            },
        },
    });
    return new Dictionary<string, object?>
    {
        ["groups"] = aachen.GroupIds,
        ["proof"] = aachen.Summary.Apply(summary => summary["proof"]),
    };
});

// A machine ("addresses") or a network ("cidrs") and its roles.
static Dictionary<string, object> Host(string key, string place, params string[] roles) =>
    new() { [key] = new[] { place }, ["roles"] = roles };

/// <summary>The component of the plugin, without a generated SDK: inputs are maps, in camelCase.</summary>
sealed class SwyxSite : ComponentResource
{
    [Output("groupIds")]
    public Output<ImmutableDictionary<string, string>> GroupIds { get; private set; } = null!;

    [Output("summary")]
    public Output<ImmutableDictionary<string, object>> Summary { get; private set; } = null!;

    public SwyxSite(string name, SwyxSiteArgs args, ComponentResourceOptions? options = null)
        : base("swyx:index:SwyxSite", name, args, options, remote: true)
    {
    }
}

/// <summary>Which site of which topology, and where it is in the cloud.</summary>
sealed class SwyxSiteArgs : ResourceArgs
{
    [Input("site", required: true)]
    public string Site { get; set; } = null!;

    [Input("cloud", required: true)]
    public string Cloud { get; set; } = null!;

    [Input("network", required: true)]
    public Dictionary<string, object> Network { get; set; } = new();

    [Input("topology")]
    public Dictionary<string, object> Topology { get; set; } = new();
}
