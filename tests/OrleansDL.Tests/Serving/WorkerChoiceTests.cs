using OrleansDL.Serving;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Training;
using Group = OrleansDL.Serving.Rpc.Wire.ModelInstanceGroup;
using Kind = OrleansDL.Serving.Rpc.Wire.ModelInstanceGroup.Types.Kind;

namespace OrleansDL.Tests.Serving;

public sealed class WorkerChoiceTests
{
    private static readonly WorkerInfo[] Workers = [Worker("a", "cpu"), Worker("b", "cuda:0"), Worker("c", "cuda:1"), Worker("d", "cuda:1") with { Draining = true }, Worker("e", "cpu") with { Alive = false }];

    [Theory]
    [InlineData(null, "abc")]
    [InlineData("any", "abc")]
    [InlineData("cpu", "a")]
    [InlineData("cuda", "bc")]
    [InlineData("cuda:1", "c")]
    [InlineData("cuda:7", "")]
    public void Replicas_are_placed_on_workers_that_have_the_device(string? device, string workers)
    {
        var spec = new ReplicaSpec { Deployment = Guid.NewGuid(), DeploymentName = "d", Generation = 1, ModelName = "m", ModelVersion = 1, Artifact = new Dictionary<string, BlobRef>(), Device = device };

        Assert.Equal(workers, string.Concat(WorkerChoice.Of(Workers, spec, wanted: 9, preferred: ["d"]).Order(StringComparer.Ordinal)));
        Assert.Equal(workers.Length > 0 ? workers[^1..] : "", string.Concat(WorkerChoice.Of(Workers, spec, wanted: 1, preferred: [workers.Length > 0 ? workers[^1..] : "c"])));
        Assert.Equal(workers.Length == 0, WorkerChoice.Refusal(Workers, device) is not null);
        Assert.Null(WorkerChoice.Refusal([], device));
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:x")]
    [InlineData("")]
    public void A_device_that_there_is_not_is_refused_by_name(string device) =>
        Assert.Contains($"device '{device}' is unknown", Assert.Throws<InvalidException>(() => DeviceRules.Check(device)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_instance_group_says_which_device_a_model_needs()
    {
        Assert.Equal((null, null), Of(new Group { Kind = Kind.Auto, Count = 2 }));
        Assert.Equal(("cpu", null), Of(new Group { Kind = Kind.Cpu }, new Group { Kind = Kind.Auto }));
        Assert.Equal(("cuda", null), Of(new Group { Kind = Kind.Gpu, Count = 2 }));
        Assert.Equal(("cuda:1", null), Of(new Group { Kind = Kind.Gpu, Gpus = { 1 } }));
        Assert.Equal(("cuda", 2), Of(new Group { Kind = Kind.Gpu, Gpus = { 0, 1 } }));
        Assert.Throws<InvalidException>(() => Of(new Group { Kind = Kind.Gpu }, new Group { Kind = Kind.Cpu }));
        Assert.Throws<InvalidException>(() => Of(new Group { Kind = Kind.Cpu, Gpus = { 0 } }));

        static (string? Device, int? Replicas) Of(params Group[] groups)
        {
            var config = new ModelConfig { InstanceGroup = { groups } };
            return (ConfigDevice.Of(config), ConfigDevice.Replicas(config));
        }
    }

    private static WorkerInfo Worker(string name, string device) => new()
    {
        Name = name,
        Incarnation = "1",
        Pool = "default",
        Device = device,
        Slots = 1,
        FreeSlots = 1,
        Alive = true,
        Draining = false,
        LastSeenAt = DateTimeOffset.UnixEpoch,
    };
}
