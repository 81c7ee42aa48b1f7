namespace OrleansDL.Identity;

/// <summary>What a token may do; each role includes the ones before it.</summary>
public enum Role
{
    /// <summary>Read everything of its project and ask deployments for predictions.</summary>
    Viewer,

    /// <summary>Change datasets, runs, models, deployments and workflows of its project.</summary>
    Developer,

    /// <summary>See and drain workers, open the dashboard.</summary>
    Operator,

    /// <summary>Create and delete projects and tokens.</summary>
    Admin,
}
