namespace OrleansDL.Training.Sandbox;

/// <summary>Where a program finds its files: at fixed places in a sandbox, or where they lie.</summary>
internal sealed record SandboxPaths
{
    public required string Code { get; init; }
    public required string Data { get; init; }
    public required string Output { get; init; }
    public required string Checkpoints { get; init; }
    public required string Spec { get; init; }
    public required string Socket { get; init; }

    /// <summary>The built-in runner, which loads .NET plug-ins.</summary>
    public required string Runner { get; init; }

    /// <summary>Folder for whatever: gone with the attempt.</summary>
    public required string Temporary { get; init; }

    public static SandboxPaths Inside { get; } = new()
    {
        Code = "/odl/code",
        Data = "/odl/data",
        Output = "/odl/output",
        Checkpoints = "/odl/checkpoints",
        Spec = "/odl/spec.json",
        Socket = "/odl/socket",
        Runner = "/odl/runner",
        Temporary = "/tmp",
    };

    /// <param name="folder">The attempt's folder.</param>
    /// <param name="data">The folder of its data.</param>
    /// <param name="socket">Its socket.</param>
    public static SandboxPaths Outside(AttemptFolder folder, string data, string socket) => new()
    {
        Code = folder.Code,
        Data = data,
        Output = folder.Output,
        Checkpoints = folder.Checkpoints,
        Spec = folder.Spec,
        Socket = socket,
        Runner = Path.GetDirectoryName(RunnerLaunch.BuiltIn)!,
        Temporary = folder.Temporary,
    };
}
