import { z } from "zod";
import { cidr } from "../network/props";
import { options, optionalPart } from "../options";

const sshOptions = options({
  /** Who may connect to port 22. */
  cidrs: z.array(cidr).min(1, "is empty: name at least one CIDR, or leave ssh out."),
  /** OpenSSH public key. The private one never leaves the person who made it. */
  publicKey: z
    .string()
    // The message leaves the value out: what was pasted may be the private key.
    .refine(
      (key) => /^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) \S+/.test(key),
      "is no OpenSSH public key; paste the line that starts like ssh-ed25519 AAAA….",
    ),
});

export const bastionOptions = options({
  /**
   * SSH beside Session Manager. It puts the instance in a public subnet with a public address; without it the
   * instance has no inbound port at all.
   * @default false
   */
  ssh: optionalPart(sshOptions).default(false),
});

/** What a file says of its bastion. */
export interface BastionProps extends z.input<typeof bastionOptions> {}
export type BastionConfiguration = z.output<typeof bastionOptions>;

export const bastion = optionalPart<typeof bastionOptions, never, BastionProps>(bastionOptions);
