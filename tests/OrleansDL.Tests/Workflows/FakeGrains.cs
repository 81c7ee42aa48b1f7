using OrleansDL.Datasets;
using OrleansDL.Models;
using OrleansDL.Serving;
using OrleansDL.Training;

namespace OrleansDL.Tests.Workflows;

/// <summary>Hands out the fakes where steps ask for grains of other components.</summary>
internal sealed class FakeGrains(Func<FakeWorld> world) : IGrainFactory
{
    public T GetGrain<T>(string primaryKey, string? grainClassNamePrefix = null)
        where T : IGrainWithStringKey => (T)Collection(typeof(T));

    public T GetGrain<T>(Guid primaryKey, string? grainClassNamePrefix = null)
        where T : IGrainWithGuidKey => (T)Thing(typeof(T), primaryKey);

    public T GetGrain<T>(long primaryKey, string? grainClassNamePrefix = null)
        where T : IGrainWithIntegerKey => throw new NotSupportedException();

    public T GetGrain<T>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where T : IGrainWithGuidCompoundKey => throw new NotSupportedException();

    public T GetGrain<T>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where T : IGrainWithIntegerCompoundKey => throw new NotSupportedException();

    public T CreateObjectReference<T>(IGrainObserver obj)
        where T : IGrainObserver => throw new NotSupportedException();

    public void DeleteObjectReference<T>(IGrainObserver obj)
        where T : IGrainObserver => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey) => throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw new NotSupportedException();

    public T GetGrain<T>(GrainId grainId)
        where T : IAddressable => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw new NotSupportedException();

    private object Collection(Type type) => type == typeof(IDatasetsGrain) ? new FakeDatasets(world())
        : type == typeof(ITrainingRunsGrain) ? new FakeTrainingRuns()
        : type == typeof(IModelsGrain) ? new FakeModels(world())
        : type == typeof(IDeploymentsGrain) ? new FakeDeployments(world())
        : throw new NotSupportedException(type.Name);

    private object Thing(Type type, Guid id) => type == typeof(ITrainingRunGrain) ? new FakeTrainingRun(world(), id)
        : type == typeof(IModelGrain) ? new FakeModel(world())
        : type == typeof(IDeploymentGrain) ? new FakeDeployment(world(), id)
        : throw new NotSupportedException(type.Name);
}
