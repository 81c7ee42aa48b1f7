using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.UserCode;

namespace OrleansDL.Training.Sandbox;

/// <summary>What attempts of user code need of their worker: its isolation, the code's files, the helper module.</summary>
internal sealed class CodeRuns(Isolation isolation, BlobStore blobs, IGrainFactory grains, IOptions<TrainerOptions> options, TimeProvider time)
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const string Helper = "odl_train.py";

    /// <summary>Where the program will find its files.</summary>
    /// <exception cref="InvalidException">This worker runs no user code.</exception>
    public async Task<SandboxPaths> PathsAsync(AttemptFolder folder, string data)
    {
        var means = await isolation.MeansAsync();
        return means.Bubblewrap is null ? SandboxPaths.Outside(folder, data, socket: "") : SandboxPaths.Inside;
    }

    /// <summary>Lays the code's files into its folder, and the helper module beside them unless it brings its own.</summary>
    public async Task FillAsync(AttemptFolder folder, CodeVersion version, Action throwIfStopping)
    {
        foreach (var file in CodeManifest.Read(await blobs.ReadAsync(version.Digest)))
        {
            throwIfStopping();
            var path = Path.Combine(folder.Code, CodePath.Check(file.Path));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using (var bytes = await blobs.OpenReadAsync(file.Blob))
            await using (var copy = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
            {
                await bytes.CopyToAsync(copy);
            }

            File.SetUnixFileMode(path, file.Executable ? Executable : Readable);
        }

        var helper = Path.Combine(folder.Code, Helper);
        if (!Path.Exists(helper))
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "python", Helper), helper);
        }
    }

    /// <summary>Closes the box around an attempt whose folders are filled.</summary>
    /// <exception cref="NotFoundException">A secret that it asks for was deleted.</exception>
    public async Task<CodeSandbox> OpenAsync(TrainerAssignment assignment, AttemptFolder folder, string data, string socket, string device)
    {
        var plan = new SandboxPlan
        {
            Run = assignment.Run,
            Attempt = assignment.Attempt,
            Folder = folder,
            Data = data,
            Socket = socket,
            Device = device,
            Threads = assignment.Spec.Threads,
            Code = assignment.Spec.Code!,
            Secrets = assignment.Spec.Code!.Secrets is { Count: > 0 } secrets
                ? await grains.GetGrain<ISecretsGrain>(assignment.Project).OpenAsync(secrets)
                : new Dictionary<string, string>(),
            ReadOnly = [.. options.Value.ReadOnlyPaths],
        };
        return new CodeSandbox(await isolation.MeansAsync(), plan, time);
    }
}
