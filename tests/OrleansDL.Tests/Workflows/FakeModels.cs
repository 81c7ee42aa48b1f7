using System.Globalization;
using OrleansDL.Models;

namespace OrleansDL.Tests.Workflows;

internal sealed class FakeModels(FakeWorld world) : IModelsGrain
{
    public Task<ModelVersion> ResolveAsync(string reference)
    {
        var parts = reference.Split('@');
        lock (world.Versions)
        {
            var versions = world.Versions.Where(version => version.ModelName == parts[0]);
            var found = parts.Length == 1 ? versions.LastOrDefault()
                : long.TryParse(parts[1], CultureInfo.InvariantCulture, out var number) ? versions.FirstOrDefault(version => version.Version == number)
                : world.Aliases.TryGetValue(parts[1], out var aliased) ? versions.FirstOrDefault(version => version.Version == aliased)
                : null;
            return found is null ? throw new NotFoundException($"There is no model version '{reference}'.") : Task.FromResult(found);
        }
    }

    public async Task<Model> GetAsync(string model)
    {
        await ResolveAsync(model);
        return new FakeModel(world).Describe();
    }

    public Task<Model> CreateAsync(Guid id, ModelSpec spec) => throw new NotSupportedException();

    public Task<Model> EnsureAsync(string name) => throw new NotSupportedException();

    public Task<Page<Model>> ListAsync(PageRequest page) => throw new NotSupportedException();

    public Task<Page<ModelVersion>> ListVersionsAsync(string model, PageRequest page) => throw new NotSupportedException();
}
