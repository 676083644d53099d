/** A request to the operation: photos encrypted as the contract says, and the form that carries them. */

const CHUNK = 60_000; // a constant in a Java class holds at most 65,535 bytes
const SHOWN = 48;

const utf8 = (text) => new TextEncoder().encode(text);

/** A function from a photo file to its ciphertext, the tag behind it, in Base64. */
export async function encrypter({ key, iv, tagBits }) {
  const usable = await crypto.subtle.importKey("raw", utf8(key), "AES-GCM", false, ["encrypt"]);
  const how = { name: "AES-GCM", iv: utf8(iv), tagLength: tagBits };
  return async (file) => base64(await crypto.subtle.encrypt(how, usable, await file.arrayBuffer()));
}

/** The browser's own Base64, since btoa would need a string of the whole photo. */
function base64(bytes) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes]));
  });
}

/** Sends a form; status, body as text and parsed, seconds until it may be asked again, time taken. */
export async function send({ url, method, mediaType, body }, signal) {
  const begun = performance.now();
  const answer = await fetch(url, { method, body, signal, headers: { "Content-Type": mediaType } });
  const text = await answer.text();
  return {
    status: answer.status,
    text,
    json: parsed(text),
    retryAfter: Number(answer.headers.get("Retry-After")),
    ms: performance.now() - begun,
  };
}

/** The object in a JSON text, or an empty one. */
function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** A form with its long values cut, for reading. */
export function shortened(body) {
  const short = ([name, value]) =>
    value.length < 2 * SHOWN
      ? `${name}=${value}`
      : `${name}=${value.slice(0, SHOWN)}… ${(value.length - SHOWN).toLocaleString("en")} more characters`;
  return body.split("&").map((field) => short(field.split("="))).join("&");
}

/** A form in pieces that a Java class can hold, a field beginning with its own. */
function pieces(body) {
  return body.split("&").flatMap((field, i) => {
    const text = i ? `&${field}` : field;
    const count = Math.ceil(text.length / CHUNK);
    return Array.from({ length: count }, (_, n) => text.slice(n * CHUNK, (n + 1) * CHUNK));
  });
}

/** For a shell; the form comes as a document, since a photo is too long for a command line. */
export function asCurl({ url, method, body }) {
  const lines = body.replaceAll("&", "\n&"); // curl drops line breaks
  return `curl -X ${method} '${url}' --data @- <<'FORM'\n${lines}\nFORM\n`;
}

/** A script of the standard library: `python3 verify.py`. */
export function asPython({ url, method, mediaType, body }) {
  return `import urllib.error
import urllib.request

FORM = (
    ${pieces(body).map((piece) => JSON.stringify(piece)).join("\n    ")}
)
request = urllib.request.Request(
    "${url}", FORM.encode(), {"Content-Type": "${mediaType}"}, method="${method}"
)
try:
    print(urllib.request.urlopen(request).read().decode())
except urllib.error.HTTPError as refusal:
    print(refusal.read().decode())
`;
}

/** A whole program: `java Verify.java`. */
export function asJava({ url, method, mediaType, body }) {
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

public class Verify {
    public static void main(String[] arguments) throws Exception {
        String form = String.join("",
                ${pieces(body).map((piece) => JSON.stringify(piece)).join(",\n                ")});
        HttpRequest request = HttpRequest.newBuilder(URI.create("${url}"))
                .version(HttpClient.Version.HTTP_1_1)
                .header("Content-Type", "${mediaType}")
                .method("${method}", BodyPublishers.ofString(form))
                .build();
        HttpClient client = HttpClient.newHttpClient();
        System.out.println(client.send(request, BodyHandlers.ofString()).body());
    }
}
`;
}
