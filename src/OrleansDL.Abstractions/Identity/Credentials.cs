namespace OrleansDL.Identity;

/// <summary>How an Orleans client outside the cluster says who it is.</summary>
public static class Credentials
{
    /// <summary>The RequestContext key under which a client puts its token (a string) before calling a grain.</summary>
    public const string RequestContextKey = "odl-token";

    /// <summary>What every token starts with.</summary>
    public const string TokenPrefix = "odl_";
}
