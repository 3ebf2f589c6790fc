import * as swyx from "@pulumi/swyx";

const aachen = new swyx.SwyxSite("aachen", {
    site: "aachen",
    cloud: "aws",
    network: { vpcTags: { Name: "aachen" } },
    topology: {
        decisions: { dcom: "restricted", h245: "tunnelled" },
        sites: {
            aachen: {
                machines: {
                    "ac-server": { addresses: ["10.1.0.10"], roles: ["SwyxServer", "PhoneManager"] },
                    "ac-gate": { addresses: ["10.1.0.12"], roles: ["SwyxGate"] },
                },
                networks: {
                    "ac-office": { cidrs: ["10.1.20.0/24"], roles: ["SwyxIt", "SwyxPhoneL420"] },
                },
            },
        },
    },
});

export const groups = aachen.groupIds;
export const proof = aachen.summary.proof;
