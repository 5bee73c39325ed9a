import type { Construct } from "constructs";
import type { Network } from "../network/network";
import { Bucket } from "./bucket";
import type { BucketConfiguration, QueueConfiguration, ValkeyConfiguration } from "./props";
import { Queue } from "./queue";
import type { UseProps } from "./use";
import { Valkey } from "./valkey";

/** A use, with everything that its kind may need. */
export interface AnyUseProps
  extends UseProps<BucketConfiguration | QueueConfiguration | ValkeyConfiguration> {
  readonly network: Network;
}

/** The construct of a use, by its kind. */
export function createUse(scope: Construct, id: string, props: AnyUseProps): Bucket | Queue | Valkey {
  const { options } = props;
  switch (options.type) {
    case "bucket":
      return new Bucket(scope, id, { ...props, options });
    case "queue":
      return new Queue(scope, id, { ...props, options });
    case "valkey":
      return new Valkey(scope, id, { ...props, options });
  }
}
