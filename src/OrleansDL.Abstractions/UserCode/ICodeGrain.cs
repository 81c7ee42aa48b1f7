using OrleansDL.Identity;

namespace OrleansDL.UserCode;

/// <summary>The code of one project. Key: the project's name. Any number of activations.</summary>
[Alias("code")]
public interface ICodeGrain : IGrainWithStringKey
{
    /// <summary>Makes a version of files whose bytes are stored. The same files again are the version they were.</summary>
    [Alias("register")] Task<CodeVersion> RegisterAsync(CodeRegistration registration);
    [Alias("get"), Requires(Role.Viewer)] Task<CodeArtifact> GetAsync(string code);
    [Alias("list"), Requires(Role.Viewer)] Task<Page<CodeArtifact>> ListAsync(PageRequest page);

    /// <summary>Newest first.</summary>
    [Alias("versions"), Requires(Role.Viewer)] Task<Page<CodeVersion>> ListVersionsAsync(string code, PageRequest page);

    /// <summary>Finds a version by reference: <c>name</c> (newest), <c>name@3</c>, <c>name@sha256:...</c>.</summary>
    [Alias("resolve"), Requires(Role.Viewer)] Task<CodeVersion> ResolveAsync(string reference);

    /// <summary>Deletes the code with all versions. Runs keep what they execute.</summary>
    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string code);
}
