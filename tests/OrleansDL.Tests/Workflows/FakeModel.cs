using OrleansDL.Models;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeModel(FakeWorld world) : IModelGrain
{
    public Model Describe() => new()
    {
        Id = world.Model,
        Project = FakeWorld.Project,
        Name = "digits",
        LatestVersion = world.Versions.Count,
        Aliases = world.Aliases.ToDictionary(),
        CreatedAt = default,
        ETag = "1",
    };

    public Task<Model> SetAliasAsync(string alias, long version)
    {
        world.Aliases[alias] = version;
        return Task.FromResult(Describe());
    }

    public Task<Model> CreateAsync(string project, ModelSpec spec) => throw new NotSupportedException();

    public Task<Model> GetAsync() => throw new NotSupportedException();

    public Task<ModelVersion> RegisterAsync(ModelRegistration registration) => throw new NotSupportedException();

    public Task<Model> RenameAsync(string name, string? ifMatch) => throw new NotSupportedException();

    public Task DeleteAsync(string? ifMatch) => throw new NotSupportedException();

    public Task WakeAsync(string name, string? payload) => throw new NotSupportedException();
}
