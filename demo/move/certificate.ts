import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unprivileged } from "../../sandbox/engine/postgres";

/** A certificate for one host, and the authority that signed it, which nobody knows. All are PEM. */
export interface Certificate {
  readonly authority: string;
  readonly certificate: string;
  /** The certificate's key. */
  readonly key: string;
}

const DAY = 86_400_000;

/** Makes an authority, and a certificate of it for a name or an IPv4 address, for two days: as hosted databases show them. */
export function makeCertificate(host: string): Certificate {
  const [root, own] = [keys(), keys()];
  const known = sequence(der(OID, "551d13"), flag(true), der(OCTETS, sequence(flag(true))));
  const address = host.split(".").map(Number);
  const isAddress = address.length === 4 && address.every((part) => part >= 0 && part <= 255);
  const alternative = isAddress ? der(0x87, Buffer.from(address)) : der(0x82, Buffer.from(host));
  const named = sequence(der(OID, "551d11"), der(OCTETS, sequence(alternative)));
  return {
    authority: certificateOf("authority", root.publicKey, "authority", root.privateKey, known),
    certificate: certificateOf(host, own.publicKey, "authority", root.privateKey, named),
    key: own.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/**
 * Lets nobody without TLS into an engine that is not started yet, as hosted ones do.
 * @param folder its data
 * @returns the setting that it is started with
 */
export function demandTls(folder: string, { certificate, key }: Certificate): string {
  const user = unprivileged();
  for (const [name, text] of Object.entries({
    "server.crt": certificate,
    "server.key": key,
    "pg_hba.conf": "hostssl all all all scram-sha-256\n",
  })) {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (user) chownSync(path, user.uid, user.gid);
  }
  return "ssl=on";
}

const keys = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });

// Types of DER. Source: X.690; what a certificate is made of: RFC 5280.
const [INTEGER, BITS, OCTETS, OID, TEXT, TIME] = [0x02, 0x03, 0x04, 0x06, 0x0c, 0x17];
const [SEQUENCE, SET, VERSION, EXTENSIONS] = [0x30, 0x31, 0xa0, 0xa3];

function der(type: number, content: Buffer | string): Buffer {
  const body = typeof content === "string" ? Buffer.from(content, "hex") : content;
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

const sequence = (...parts: Buffer[]) => der(SEQUENCE, Buffer.concat(parts));
const flag = (is: boolean) => der(0x01, is ? "ff" : "00");
const time = (at: number) =>
  der(TIME, Buffer.from(new Date(at).toISOString().replace(/^..|[-:T]|\.\d+/g, "")));
/** ecdsa-with-SHA256. */
const ALGORITHM = sequence(der(OID, "2a8648ce3d040302"));
const nameOf = (name: string) =>
  sequence(der(SET, sequence(der(OID, "550403"), der(TEXT, Buffer.from(name)))));

function certificateOf(
  subject: string,
  publicKey: KeyObject,
  issuer: string,
  issuersKey: KeyObject,
  extension: Buffer,
): string {
  const now = Date.now();
  const number = randomBytes(8);
  // Positive, and without a zero in front.
  number[0] = 1;
  const content = sequence(
    der(VERSION, der(INTEGER, "02")),
    der(INTEGER, number),
    ALGORITHM,
    nameOf(issuer),
    sequence(time(now - DAY), time(now + DAY)),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(EXTENSIONS, sequence(extension)),
  );
  const signature = der(BITS, Buffer.concat([Buffer.from([0]), sign("sha256", content, issuersKey)]));
  const text = sequence(content, ALGORITHM, signature).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${text.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
