package dev.outboxrelay.testing;

import io.nats.client.NKey;
import io.nats.client.support.JwtUtils;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;

/**
 * An operator of NATS with one account beside the system's: what {@code nsc} makes for a server that knows users by
 * their tokens alone.
 */
public final class Operator {

    private final NKey operator;
    private final NKey account;
    private final NKey signer;
    private final NKey system;

    public Operator() throws IOException, GeneralSecurityException {
        operator = NKey.createOperator(null);
        account = NKey.createAccount(null);
        signer = NKey.createAccount(null); // users' tokens name their account, so a key of its own has to sign them
        system = NKey.createAccount(null);
    }

    /** Lines of a server's configuration. */
    public String configuration() throws IOException, GeneralSecurityException {
        String accountId = new String(account.getPublicKey());
        String systemId = new String(system.getPublicKey());
        return "operator: " + token(operator, "operator", "{\"type\":\"operator\",\"version\":2}")
                + "\nsystem_account: " + systemId
                + "\nresolver: MEMORY\nresolver_preload: {\n  " + accountId + ": "
                + token(account, "RELAY", unlimited(new String(signer.getPublicKey())))
                + "\n  " + systemId + ": " + token(system, "SYS", "{\"type\":\"account\",\"version\":2}") + "\n}\n";
    }

    /** The claims of an account without limits, whose users' tokens this key signs. */
    private static String unlimited(String signer) {
        return "{\"limits\":{\"subs\":-1,\"data\":-1,\"payload\":-1,\"imports\":-1,\"exports\":-1,\"wildcards\":true,"
                + "\"conn\":-1,\"leaf\":-1,\"mem_storage\":-1,\"disk_storage\":-1,\"streams\":-1,\"consumer\":-1},"
                + "\"signing_keys\":[\"" + signer + "\"],\"type\":\"account\",\"version\":2}";
    }

    private String token(NKey subject, String name, String claims) throws IOException, GeneralSecurityException {
        return JwtUtils.issueJWT(
                operator,
                new String(subject.getPublicKey()),
                name,
                null,
                JwtUtils.currentTimeSeconds(),
                new String(operator.getPublicKey()),
                () -> claims);
    }

    /** The text of a {@code .creds} file of a new user. */
    public String credentials(Duration goodFor) throws IOException, GeneralSecurityException {
        NKey user = NKey.createUser(null);
        String token = JwtUtils.issueUserJWT(
                signer, new String(account.getPublicKey()), new String(user.getPublicKey()), "relay", goodFor);
        return String.format(JwtUtils.NATS_USER_JWT_FORMAT, token, new String(user.getSeed()));
    }
}
