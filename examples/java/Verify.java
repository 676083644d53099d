import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.apache.http.NameValuePair;
import org.apache.http.client.entity.UrlEncodedFormEntity;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.message.BasicNameValuePair;
import org.apache.http.util.EntityUtils;

/** Asks a server whether two photos show one person: {@code Verify FIRST SECOND URL}. */
public final class Verify {
    private static final int TAG_BITS = 128;

    public static void main(String[] arguments) throws Exception {
        List<NameValuePair> form = List.of(
                new BasicNameValuePair("first_encrypted_image", seal(arguments[0])),
                new BasicNameValuePair("second_encrypted_image", seal(arguments[1])));
        System.exit(post(arguments[2], form) == 200 ? 0 : 1);
    }

    /** The photo file, encrypted and written in Base64. */
    private static String seal(String file) throws IOException, GeneralSecurityException {
        var key = new SecretKeySpec(secret("PARAM_DECRYPT_KEY"), "AES");
        var iv = new GCMParameterSpec(TAG_BITS, secret("PARAM_DECRYPT_IV"));
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key, iv);
        byte[] sealed = cipher.doFinal(Files.readAllBytes(Path.of(file)));
        return Base64.getEncoder().encodeToString(sealed);
    }

    private static byte[] secret(String variable) {
        return System.getenv(variable).getBytes(UTF_8);
    }

    /** Prints the answer and returns its HTTP status. */
    private static int post(String url, List<NameValuePair> form) throws IOException {
        HttpPost request = new HttpPost(url);
        request.setEntity(new UrlEncodedFormEntity(form, UTF_8));
        try (CloseableHttpClient client = HttpClients.createDefault();
                CloseableHttpResponse answer = client.execute(request)) {
            System.out.println(EntityUtils.toString(answer.getEntity()));
            return answer.getStatusLine().getStatusCode();
        }
    }
}
