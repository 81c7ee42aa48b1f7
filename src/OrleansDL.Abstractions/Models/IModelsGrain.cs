using OrleansDL.Identity;

namespace OrleansDL.Models;

/// <summary>The models of one project. Key: the project's name. Any number of activations.</summary>
[Alias("models")]
public interface IModelsGrain : IGrainWithStringKey
{
    [Alias("create"), Requires(Role.Developer)] Task<Model> CreateAsync(Guid id, ModelSpec spec);

    /// <summary>Finds the model of that name, or makes it.</summary>
    [Alias("ensure")] Task<Model> EnsureAsync(string name);
    [Alias("get"), Requires(Role.Viewer)] Task<Model> GetAsync(string model);
    [Alias("list"), Requires(Role.Viewer)] Task<Page<Model>> ListAsync(PageRequest page);

    /// <summary>Newest first.</summary>
    [Alias("versions"), Requires(Role.Viewer)] Task<Page<ModelVersion>> ListVersionsAsync(string model, PageRequest page);

    /// <summary>Finds a version by reference: <c>name</c> (newest), <c>name@3</c>, <c>name@production</c>.</summary>
    [Alias("resolve"), Requires(Role.Viewer)] Task<ModelVersion> ResolveAsync(string reference);
}
