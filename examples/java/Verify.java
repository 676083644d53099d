import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.http.NameValuePair;
import org.apache.http.client.entity.UrlEncodedFormEntity;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.message.BasicNameValuePair;
import org.apache.http.util.EntityUtils;

/**
 * Asks a server whether two photos show one person:
 * {@code Verify FIRST SECOND URL [--auto-rotate] [--check-quality]}.
 */
public final class Verify {
    private static final int OK = 200;

    public static void main(String[] arguments) throws Exception {
        Sealer sealer =
                new Sealer(System.getenv("PARAM_DECRYPT_KEY"), System.getenv("PARAM_DECRYPT_IV"));
        List<String> flags = List.of(arguments).subList(3, arguments.length);
        List<NameValuePair> form = new ArrayList<>();
        add(form, "first_encrypted_image", sealer.seal(Files.readAllBytes(Path.of(arguments[0]))));
        add(form, "second_encrypted_image", sealer.seal(Files.readAllBytes(Path.of(arguments[1]))));
        add(form, "auto_rotate", flags.contains("--auto-rotate"));
        add(form, "check_quality", flags.contains("--check-quality"));
        System.exit(post(arguments[2], form) == OK ? 0 : 1);
    }

    private static void add(List<NameValuePair> form, String name, Object value) {
        form.add(new BasicNameValuePair(name, value.toString()));
    }

    /** Prints the answer and returns its HTTP status, 0 if there is none. */
    private static int post(String url, List<NameValuePair> form) {
        HttpPost request = new HttpPost(url);
        request.setEntity(new UrlEncodedFormEntity(form, UTF_8));
        try (CloseableHttpClient client = HttpClients.createDefault();
                CloseableHttpResponse answer = client.execute(request)) {
            System.out.println(EntityUtils.toString(answer.getEntity()));
            return answer.getStatusLine().getStatusCode();
        } catch (IOException error) {
            System.err.println("No response from " + url + ": " + error.getMessage());
            return 0;
        }
    }
}
