import fc from "fast-check";
import { expect, test } from "vitest";
import { instanceTypes } from "../../aws/instance-types";
import { instanceClasses } from "../../aws/postgres";
import { regions, zonesOf } from "../../aws/zones";
import type { EnvironmentProps } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { unknownNames } from "../../modules/environment/unknown-names";
import { but, larger, least } from "./support/least";
import { synthesize } from "./support/synthesize";

function told(props: EnvironmentProps): string[] {
  const { configuration, mistakes } = resolve(props, "staging");
  expect(mistakes).toEqual([]);
  return configuration === undefined
    ? []
    : [...unknownNames(configuration)].map(({ path, message }) => `${path}: ${message}`);
}

const capacity = (...types: string[]) => but({ cluster: { capacity: { own: { instanceTypes: types } } } });

test.each<[string, EnvironmentProps, string[]]>([
  [
    "a region",
    but({ region: "eu-cental-1" }),
    ['staging.region: "eu-cental-1" is not known here, and taken as it is. Did you mean "eu-central-1"?'],
  ],
  [
    "a zone",
    but({ network: { zones: ["us-west-2a", "us-west-2e"] } }),
    [
      'staging.network.zones.1: "us-west-2e" is not known here, and taken as it is. Did you mean "us-west-2a"?',
    ],
  ],
  [
    "an instance type",
    capacity("m7a.larg", "u7i-12tb.224xlarge"),
    [
      'staging.cluster.capacity.own.instanceTypes.0: "m7a.larg" is not known here, and taken as it is: whether tasks fit it is not checked. Did you mean "m7a.large"?',
      'staging.cluster.capacity.own.instanceTypes.1: "u7i-12tb.224xlarge" is not known here, and taken as it is: whether tasks fit it is not checked.',
    ],
  ],
  [
    "an instance class",
    but({ database: "db.x9idn.32xlarge" }),
    ['staging.database.instanceClass: "db.x9idn.32xlarge" is not known here, and taken as it is.'],
  ],
])("%s that is not known is taken, and told of with the nearest one that is", (_, props, warnings) => {
  expect(told(props)).toEqual(warnings);
});

test("nothing is told of what is known, nor of what is not there", () => {
  for (const props of [least, larger, but({ database: false, cluster: { capacity: {} }, services: {} })])
    expect(told(props)).toEqual([]);
  fc.assert(
    fc.property(
      fc.constantFrom(...regions),
      fc.constantFrom(...instanceTypes),
      fc.constantFrom(...instanceClasses),
      (region, type, database) => {
        const props = {
          ...capacity(type),
          region,
          database,
          services: {},
          network: { zones: zonesOf(region).slice(0, 2) },
        };
        expect(told(props)).toEqual([]);
      },
    ),
  );
});

test("what is not known is in the resources as it was written", () => {
  const graph = synthesize(
    but({
      region: "ap-southeast-9",
      network: { zones: ["ap-southeast-9a", "ap-southeast-9d"] },
      cluster: { capacity: { own: { instanceTypes: ["c9gn.large"] } } },
      database: "db.m9g.large",
    }),
  );
  const subnets = graph.elements.filter(({ type }) => type === "aws_subnet");
  expect(new Set(subnets.map(({ body }) => body.availability_zone))).toEqual(
    new Set(["ap-southeast-9a", "ap-southeast-9d"]),
  );
  expect(graph.one("aws_db_instance").instance_class).toBe("db.m9g.large");
  expect(graph.one("aws_autoscaling_group").mixed_instances_policy.launch_template.override).toEqual([
    { instance_type: "c9gn.large" },
  ]);
  // Graviton by its name: so is the image of the instances.
  const [image] = graph.elements.filter(({ id }) => id.includes("own_image"));
  expect(image?.body.name).toContain("arm64");
});
