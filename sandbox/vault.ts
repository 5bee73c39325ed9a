import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DamagedFile, makePrivateFolder } from "./files";

/**
 * Keeps secret values out of the world's file in the clear. They are encrypted (AES-256-GCM) with a random key in
 * `<sandbox folder>/key`, readable by its owner only. So a stand-in container can be given its secrets, while nobody who
 * sees world.json, a log or a copy of it learns one. It is no defence against who can read the key.
 */
export class Vault {
  private secret: Buffer | undefined;

  constructor(private readonly folder: string) {}

  seal(value: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.key(), iv);
    const body = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
  }

  open(sealed: string): string {
    const bytes = Buffer.from(sealed, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.key(), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    const body = decipher.update(bytes.subarray(28));
    try {
      return Buffer.concat([body, decipher.final()]).toString("utf8");
    } catch {
      throw new DamagedFile(
        join(this.folder, "key"),
        "is not the key that this world's secrets were sealed with",
      );
    }
  }

  /** @throws DamagedFile where there is a key, and it is none */
  check(): void {
    this.read();
  }

  /** Tells whether two secrets are the same without holding either. */
  fingerprint(value: string): string {
    return createHash("sha256").update(this.key()).update(value).digest("hex").slice(0, 16);
  }

  private key(): Buffer {
    this.secret ??= this.read() ?? this.create();
    return this.secret;
  }

  private read(): Buffer | undefined {
    const file = join(this.folder, "key");
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return undefined;
    }
    if (!/^[0-9a-f]{64}$/.test(text)) throw new DamagedFile(file, "is damaged: it is no key");
    return Buffer.from(text, "hex");
  }

  /** Two processes may start at once: the key that was linked first counts. */
  private create(): Buffer {
    makePrivateFolder(this.folder);
    const draft = join(this.folder, `key.${process.pid}`);
    writeFileSync(draft, randomBytes(32).toString("hex"), { mode: 0o600 });
    try {
      linkSync(draft, join(this.folder, "key"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    return this.read() as Buffer;
  }
}
