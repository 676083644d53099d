// Asks a server whether two photos show one person: node verify.mjs FIRST SECOND URL [--auto-rotate] [--check-quality]
// Key and IV are read from PARAM_DECRYPT_KEY and PARAM_DECRYPT_IV. Needs Node 18.3 and no packages.

import { createCipheriv } from "node:crypto";
import { readFile } from "node:fs/promises";
import { env, exit } from "node:process";
import { parseArgs } from "node:util";

/** The photo file, encrypted, the tag behind it, written in Base64. */
async function seal(file) {
    const cipher = createCipheriv("aes-256-gcm", env.PARAM_DECRYPT_KEY, env.PARAM_DECRYPT_IV);
    const sealed = [cipher.update(await readFile(file)), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString("base64");
}

const flags = { "auto-rotate": { type: "boolean" }, "check-quality": { type: "boolean" } };
const { values, positionals } = parseArgs({ options: flags, allowPositionals: true });
const [first, second, url] = positionals;

const form = new URLSearchParams({
    first_encrypted_image: await seal(first),
    second_encrypted_image: await seal(second),
    auto_rotate: values["auto-rotate"] ?? false,
    check_quality: values["check-quality"] ?? false,
});
const answer = await fetch(url, { method: "POST", body: form }).catch((error) => {
    console.error(`No response from ${url}: ${error.cause?.message || error.message}`);
    exit(1);
});
console.log(await answer.text());
exit(answer.ok ? 0 : 1);
