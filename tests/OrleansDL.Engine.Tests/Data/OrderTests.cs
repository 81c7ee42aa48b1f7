using System.Text;
using FsCheck.Xunit;
using OrleansDL.Data;

namespace OrleansDL.Tests.Data;

public sealed class OrderTests
{
    private static readonly BlobId Commit = BlobId.Parse(new string('a', 64));

    [Fact]
    public void The_generator_gives_the_published_numbers()
    {
        // xoshiro256** seeded by SplitMix64 from 0, as the authors' C code prints.
        var random = new Xoshiro(0);
        Assert.Equal([11091344671253066420UL, 13793997310169335082UL, 1900383378846508768UL], [random.Next(), random.Next(), random.Next()]);
    }

    [Fact]
    public void The_order_never_changes_between_versions() =>
        Golden.Check("order-v1.txt", Encoding.UTF8.GetBytes(string.Join(' ', SampleOrder.Of(Commit, 7, 3, 20)) + "\n"));

    [Property(MaxTest = 50)]
    public void Every_row_comes_once_an_epoch(byte rows, byte epoch) =>
        Assert.Equal(Enumerable.Range(0, rows).Select(row => (long)row), SampleOrder.Of(Commit, 1, epoch, rows).Order());

    [Fact]
    public void Rows_are_held_out_by_their_content_so_that_rows_added_later_move_none()
    {
        var spec = Assignments.Spec() with { ValidationFraction = 0.25 };
        var before = HeldOut(spec, Enumerable.Range(0, 1000));
        var after = HeldOut(spec, Enumerable.Range(0, 2000).Concat(Enumerable.Range(0, 1000)));
        Assert.InRange(before.Count, 200, 300);
        Assert.Subset(after, before);
        Assert.DoesNotContain(after.Except(before), row => row < 1000);
        Assert.NotEqual(before, HeldOut(spec with { Seed = 2 }, Enumerable.Range(0, 1000)));
    }

    private static HashSet<int> HeldOut(OrleansDL.Training.TrainingSpec spec, IEnumerable<int> rows)
    {
        var row = new Row();
        return [.. rows.Where(number =>
        {
            row.Clear(1);
            row.Set(0, CellKind.Text, Encoding.UTF8.GetBytes($"{number}"));
            return RowSplit.IsHeldOut(row, spec);
        })];
    }
}
