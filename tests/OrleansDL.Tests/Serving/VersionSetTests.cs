using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

public sealed class VersionSetTests
{
    private static readonly Guid Change = new("01961234-5678-7abc-8fff-000000000009");

    [Fact]
    public void What_replaces_a_version_must_answer_before_it_goes()
    {
        var set = Ready(VersionSet.Change([], [Version(2), Version(1)], Change, tryAgain: true), 2, 1);

        var changed = State(VersionSet.Change(set, [Version(3), Version(2)], Guid.NewGuid(), tryAgain: true));

        Assert.Equal([3, 2, 1], VersionSet.Settle(changed).Versions!.Select(version => version.Number));
        Assert.Equal(2, VersionSet.Default(changed.Versions!)!.Number);
        var settled = VersionSet.Settle(changed with { Versions = Ready(changed.Versions!, 3) });
        Assert.Equal([3, 2], settled.Versions!.Select(version => version.Number));
        Assert.Equal([1], settled.Retired.Select(replica => replica.Generation));
        Assert.Equal(DeploymentStatus.Ready, settled.Status);
    }

    [Fact]
    public void A_version_that_cannot_be_loaded_leaves_all_before_it_answering()
    {
        var set = Ready(VersionSet.Change([], [Version(1)], Change, tryAgain: true), 1);

        var changed = VersionSet.Change(set, [Version(2)], Guid.NewGuid(), tryAgain: true);
        var failed = VersionSet.Settle(State([.. changed.Select(version => version.Number == 2 ? version with { Error = "broken" } : version)]));

        Assert.Equal((DeploymentStatus.Failed, "broken"), (failed.Status, failed.Reason));
        Assert.Equal(1, VersionSet.Default(failed.Versions!)!.Number);
        Assert.Equal(2, VersionSet.Newest(failed.Versions!)!.Number);
        var back = VersionSet.Settle(State(VersionSet.Change(failed.Versions!, [Version(1)], Guid.NewGuid(), tryAgain: true)));
        Assert.Equal(DeploymentStatus.Ready, back.Status);
        Assert.Equal(set, back.Versions);
    }

    [Fact]
    public void The_same_number_with_other_contents_takes_over_as_soon_as_it_answers()
    {
        var set = Ready(VersionSet.Change([], [Version(1, registered: 1)], Change, tryAgain: true), 1);

        var changed = VersionSet.Change(set, [Version(1, registered: 2)], Guid.NewGuid(), tryAgain: true);

        Assert.Equal([1, 1], changed.Select(version => version.Number));
        Assert.Equal(1, Assert.Single(VersionSet.ByNumber(changed)).Version.Version);
        var settled = VersionSet.Settle(State([.. changed.Select(version => version.Leaving ? version : Ready(version))]));
        Assert.Equal(2, Assert.Single(settled.Versions!).Version.Version);
    }

    [Fact]
    public void What_was_stored_before_there_could_be_several_is_read_as_a_set()
    {
        var serving = new ServingGeneration { Version = Version(1) with { Generation = 5 }, Workers = ["w"], Signature = Signature };
        var state = new DeploymentState { Status = DeploymentStatus.Failed, Reason = "broken", Change = Change, Wanted = Version(2) with { Generation = 6 }, Serving = serving, RecordedGeneration = 5 };

        var read = VersionSet.Read(state);

        Assert.Equal([(2, false, "broken"), (1, true, null)], read.Versions!.Select(version => (version.Number, version.Leaving, version.Error)));
        Assert.Equal(5, VersionSet.Default(read.Versions!)!.Generation);
        Assert.Equal([5], read.Live!);
        Assert.Null(read.Wanted);
        Assert.Equal(read, VersionSet.Read(read));
    }

    private static ModelSignature Signature => new() { Inputs = [], Outputs = [] };

    private static WantedVersion Version(long number, long? registered = null) => new() { ModelName = "m", Version = registered ?? number, Number = registered is null ? null : number };

    private static DeploymentState State(IReadOnlyList<DeployedVersion> versions) => new() { Status = DeploymentStatus.Loading, Versions = versions };

    private static IReadOnlyList<DeployedVersion> Ready(IReadOnlyList<DeployedVersion> versions, params long[] numbers) =>
        [.. versions.Select(version => numbers.Contains(version.Number) ? Ready(version) : version)];

    private static DeployedVersion Ready(DeployedVersion version) => version with
    {
        Version = version.Version with { Generation = version.Version.Generation ?? version.Number },
        Workers = ["w"],
        Signature = Signature,
    };
}
