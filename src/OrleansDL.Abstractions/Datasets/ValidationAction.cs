namespace OrleansDL.Datasets;

/// <summary>What follows when validation finds something.</summary>
public enum ValidationAction
{
    /// <summary>The commit is made; what was found stands on the version and in the event.</summary>
    Warn = 0,

    /// <summary>The commit is made on a branch of its own, <c>quarantine-</c> and eight hexadecimal digits, where it can be looked at and merged.</summary>
    Quarantine = 1,

    /// <summary>Nothing is committed.</summary>
    Refuse = 2,
}
