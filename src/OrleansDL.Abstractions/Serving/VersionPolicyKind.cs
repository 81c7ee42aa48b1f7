namespace OrleansDL.Serving;

/// <summary>Which versions of its model a deployment serves. The numbers are stored: they never change.</summary>
public enum VersionPolicyKind
{
    /// <summary>The newest, as many as the policy says.</summary>
    Latest = 0,

    /// <summary>All there are.</summary>
    All = 1,

    /// <summary>Those the policy names.</summary>
    Specific = 2,
}
