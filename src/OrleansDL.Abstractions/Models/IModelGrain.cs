using OrleansDL.Identity;

namespace OrleansDL.Models;

/// <summary>One registered model, keyed by its id.</summary>
[Alias("model-grain")]
public interface IModelGrain : IGrainWithGuidKey, IWakeable
{
    [Alias("create")] Task<Model> CreateAsync(string project, ModelSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<Model> GetAsync();
    [Alias("register")] Task<ModelVersion> RegisterAsync(ModelRegistration registration);

    /// <summary>Points an alias at a version; version 0 removes the alias.</summary>
    [Alias("set-alias"), Requires(Role.Developer)] Task<Model> SetAliasAsync(string alias, long version);
    [Alias("rename"), Requires(Role.Developer)] Task<Model> RenameAsync(string name, string? ifMatch);

    /// <summary>Deletes the model; refused while a deployment serves one of its versions.</summary>
    [Alias("delete"), Requires(Role.Developer)] Task DeleteAsync(string? ifMatch);
}
