package main

import (
	"example.com/pulumi-swyx/sdk/go/swyx"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		aachen, err := swyx.NewSwyxSite(ctx, "aachen", &swyx.SwyxSiteArgs{
			Site:    "aachen",
			Cloud:   "aws",
			Network: swyx.NetworkArgsArgs{VpcTags: map[string]string{"Name": "aachen"}},
			Topology: &swyx.TopologyArgsArgs{
				Decisions: &swyx.DecisionsArgsArgs{
					Dcom: pulumi.StringRef("restricted"),
					H245: pulumi.StringRef("tunnelled"),
				},
				Sites: map[string]swyx.TopologySiteArgsArgs{"aachen": {
					Machines: map[string]swyx.TopologyMachineArgsArgs{
						"ac-server": {Addresses: []string{"10.1.0.10"}, Roles: []string{"SwyxServer", "PhoneManager"}},
						"ac-gate":   {Addresses: []string{"10.1.0.12"}, Roles: []string{"SwyxGate"}},
					},
					Networks: map[string]swyx.TopologyNetworkArgsArgs{
						"ac-office": {Cidrs: []string{"10.1.20.0/24"}, Roles: []string{"SwyxIt", "SwyxPhoneL420"}},
					},
				}},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("groups", aachen.GroupIds)
		ctx.Export("proof", aachen.Summary.Proof())
		return nil
	})
}
