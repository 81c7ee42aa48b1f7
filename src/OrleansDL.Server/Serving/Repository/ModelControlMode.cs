namespace OrleansDL.Serving.Repository;

/// <summary>When the models of a repository's folder are loaded.</summary>
internal enum ModelControlMode
{
    /// <summary>All of them, when the server starts.</summary>
    None,

    /// <summary>All of them when the server starts, and again whenever their files change.</summary>
    Poll,

    /// <summary>Those named when the server starts, and others when a client asks.</summary>
    Explicit,
}
