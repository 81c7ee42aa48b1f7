namespace OrleansDL.Http;

/// <summary>Endpoint metadata: no token is needed (health), or the handler checks access itself (inference on public deployments).</summary>
internal sealed record OpenAccess;
