using System.Runtime.CompilerServices;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class DeploymentSpecTests
{
    /// <summary>A change through the command line or a workflow keeps what it does not name only if the description of a deployment holds it.</summary>
    [Fact]
    public void Whatever_a_deployment_can_be_told_its_description_tells_again()
    {
        var described = new Deployment
        {
            Id = Guid.CreateVersion7(),
            Project = "p",
            Name = "n",
            Status = DeploymentStatus.Ready,
            Model = "m",
            ModelVersion = 1,
            Replicas = 1,
            Public = true,
            CreatedAt = default,
            ChangedAt = default,
            ETag = "1",
        };
        foreach (var setting in typeof(DeploymentSpec).GetProperties().Where(setting => setting.CanWrite && setting.Name != nameof(DeploymentSpec.Unloaded)))
        {
            var told = typeof(Deployment).GetProperty(setting.Name);
            Assert.True(told is not null, $"Deployment lacks {setting.Name}.");
            var value = Some(setting.PropertyType);
            told.SetValue(described, value);
            Assert.True(Equals(value, setting.GetValue(described.ToSpec())), $"Deployment.ToSpec drops {setting.Name}.");
        }
    }

    private static object Some(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        { IsEnum: true } kind => Enum.ToObject(kind, 1),
        { IsPrimitive: true } number => Convert.ChangeType(1, number, null),
        { IsInterface: true } => new Dictionary<long, long>(),
        var text when text == typeof(string) => "some",
        var settings => RuntimeHelpers.GetUninitializedObject(settings),
    };
}
