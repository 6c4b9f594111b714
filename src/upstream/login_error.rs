//! Explains Microsoft's sign-in error codes. It must never guess the meaning of an unknown code.

/// The explanation of a sign-in error code. Source: learn.microsoft.com, troubleshooting service principal
/// authentication.
#[must_use]
pub fn plain_login_error(code: &str) -> Option<&'static str> {
    Some(match code.strip_prefix("AADSTS")? {
        "7000215" => "the client secret is wrong; copy the secret's value, not its id",
        "7000222" => "the client secret has expired; make a new one in the app registration",
        "700016" => "the application is not known in this tenant; check client id and tenant id",
        "700027" => "the certificate is not registered with the application, or its signature is invalid",
        "700021" => "the assertion was not issued for this client id",
        "700023" => "the assertion was made for another audience",
        "700024" => "the assertion is outside its time window; check the clock",
        "90002" => "the tenant was not found; check the tenant id",
        "70021" | "700213" => "no federated credential matches the token",
        "53003" => "blocked by a Conditional Access policy for workload identities",
        "65001" => "an administrator has not consented to the application's permissions",
        "70011" => "the requested scope is not valid",
        _ => return None,
    })
}
