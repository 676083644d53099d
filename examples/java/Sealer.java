import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Encrypts photos as the API takes them: AES-256-GCM, the tag behind the ciphertext, Base64. */
final class Sealer {
    private static final int TAG_BITS = 128;

    private final SecretKeySpec key;
    private final GCMParameterSpec iv;

    Sealer(String key, String iv) {
        this.key = new SecretKeySpec(key.getBytes(UTF_8), "AES");
        this.iv = new GCMParameterSpec(TAG_BITS, iv.getBytes(UTF_8));
    }

    String seal(byte[] photo) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key, iv);
        return Base64.getEncoder().encodeToString(cipher.doFinal(photo));
    }
}
