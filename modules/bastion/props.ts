import { z } from "zod";
import { cidr } from "../network/props";
import { options, part } from "../options";

const sshOptions = options({
  /** Who may connect to port 22. */
  cidrs: z.array(cidr).min(1, "is empty: name at least one CIDR, or leave ssh out."),
  /** OpenSSH public key. The private one never leaves the person who made it. */
  publicKey: z
    .string()
    .regex(/^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) \S+/, "is no OpenSSH public key (ssh-ed25519 AAAA…)."),
});

export const bastionOptions = options({
  /**
   * SSH beside Session Manager. It puts the instance in a public subnet with a public address; without it the
   * instance has no inbound port at all.
   */
  ssh: part(sshOptions).default(false),
});

export const bastion = part(bastionOptions);
