using System.Diagnostics;
using System.Runtime.InteropServices;
using OrleansDL.Predictors;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>A process of isolated models is held to what it may take, by control groups where the machine has them and without.</summary>
public sealed class IsolatedLimitTests
{
    // What tests/OrleansDL.TestPredictor takes for an order.
    private const float Grow = -9;

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_model_beyond_its_memory_is_ended_told_and_there_again_and_no_other_process_notices(bool isBoxed, bool cgroups)
    {
        await using var others = new IsolatedHost();
        using var beside = await others.LoadAsync("beside", OffsetModel.Write(10));
        var untouched = others.Pid;
        await using var host = new IsolatedHost(isBoxed, cgroups, HostLimits.Of(new ProcessSpec { MemoryBytes = 256 << 20 }));
        using var moody = await host.LoadAsync("moody", 60, ForeignModelTests.Moody);

        var ended = await Assert.ThrowsAsync<OverloadedException>(() => FirstAsync(moody, Grow));

        Assert.Equal(
            "The process that ran model 'moody@1' used more memory than its limit (process.memoryBytes is 268435456) and was ended. It is started again; try again.", ended.Message);
        Assert.Equal(3, await FirstAsync(moody, 1));
        Assert.Equal(("moody", "Its process used more memory than its limit (process.memoryBytes is 268435456) and was ended, and is started again."), Assert.Single(host.Reports));
        Assert.Equal(11, await FirstAsync(beside, 1, 1, 1, 1));
        Assert.Equal(untouched, others.Pid);
        Assert.Empty(others.Reports);
    }

    [Fact]
    public async Task A_process_gets_no_more_processor_time_than_it_may_have()
    {
        await using var host = new IsolatedHost(isBoxed: false, cgroups: true, new HostLimits(null, 0.2, ""));
        using var loops = await host.LoadAsync("loops", LoopModel.Write(), hangSeconds: 1);
        if ((await host.Isolation.FoundAsync()).Limits()["cpus"] == "none")
        {
            return;
        }

        using var process = Process.GetProcessById(host.Pid);
        var (before, began) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        await Assert.ThrowsAsync<OverloadedException>(() => FirstAsync(loops, LoopModel.Endless, 0, 0, 0));
        process.Refresh();
        Assert.InRange((process.TotalProcessorTime - before) / Stopwatch.GetElapsedTime(began), 0, 0.5);
    }

    [Theory]
    [InlineData(1L << 20, null, false, "process.memoryBytes is 1048576. Give a number from 134217728 to 17592186044416.")]
    [InlineData(null, 0.01, false, "process.cpus is 0.01. Give a number from 0.1 to 1024.")]
    [InlineData(null, 1.0, true, "process and trusted do not go together: a trusted model runs in the worker itself. Leave one of both out.")]
    public void Limits_that_cannot_be_are_refused_by_name(long? memory, double? cpus, bool isTrusted, string message)
    {
        var spec = new DeploymentSpec { Name = "a", Model = "b", Trusted = isTrusted, Process = new ProcessSpec { MemoryBytes = memory, Cpus = cpus } };
        Assert.Equal(message, Assert.Throws<InvalidException>(() => ProcessSpecRules.Check(spec)).Message);
    }

    private static async Task<float> FirstAsync(IsolatedModel model, params float[] values)
    {
        var input = new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() };
        return MemoryMarshal.Read<float>((await model.InferAsync(new InferRequest { Inputs = [input] }, default)).Outputs[0].Data.Span);
    }
}
