using OrleansDL.Identity;

namespace OrleansDL.UserCode;

/// <summary>The secrets of one project. Key: the project's name. Any number of activations.</summary>
[Alias("secrets")]
public interface ISecretsGrain : IGrainWithStringKey
{
    /// <summary>Gives a secret a value, in place of the one it had.</summary>
    [Alias("set"), Requires(Role.Developer)] Task<ProjectSecret> SetAsync(string name, string value);

    /// <summary>Their names.</summary>
    [Alias("list"), Requires(Role.Viewer)] Task<Page<ProjectSecret>> ListAsync(PageRequest page);

    /// <summary>Forgets a secret. What runs keeps what it was given.</summary>
    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string name);

    /// <exception cref="NotFoundException">The project lacks one of them.</exception>
    [Alias("ensure")] Task EnsureAsync(IReadOnlyList<string> names);

    /// <summary>Their values, for the worker that starts code which asks for them.</summary>
    /// <exception cref="NotFoundException">The project lacks one of them.</exception>
    [Alias("open")] Task<IReadOnlyDictionary<string, string>> OpenAsync(IReadOnlyList<string> names);
}
