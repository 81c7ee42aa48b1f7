using System.Text;
using OrleansDL.Data;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests.Data;

public sealed class SplitTests
{
    private static readonly string[] Folds = ["one", "two", "three", "four"];
    private static readonly Column[] Schema =
        [Assignments.Numeric("x", ColumnType.Int64), Assignments.Numeric("size"), Assignments.Text("patient"), Assignments.Text("fold"), Assignments.Text("label")];

    [Fact]
    public void A_row_has_the_fate_its_text_always_had()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { ValidationFraction = 0.5 };
        string[] lines = ["1,0.25,ann,train,a", "-7,1E-07,,test,b", "0,3,bob,,a"];
        using var source = new RowSource(Assignments.Csv(folder.Path, spec, Schema, lines), folder.Path);
        var hashes = new List<ulong>();
        source.Read([], row => hashes.Add(row.Hash(3)));
        Assert.Equal(lines.Select(Hash), hashes);
    }

    [Fact]
    public void Rows_of_one_key_stand_on_one_side_and_rows_added_later_move_none()
    {
        var spec = Assignments.Spec() with { ValidationFraction = 0.4, Reader = new ReaderSpec { Split = new SplitSpec { By = "key", Column = "patient" } } };
        var before = Sides(spec, 300);
        Assert.All(before.GroupBy(row => row.Key.Patient), rows => Assert.Single(rows.Select(row => row.Value).Distinct()));
        Assert.InRange(before.Count(row => row.Value is Side.Validation), 40, 200);
        var after = Sides(spec, 600);
        Assert.All(before, row => Assert.Equal(row.Value, after[row.Key]));
    }

    [Fact]
    public void A_column_says_which_rows_train_which_validate_and_which_do_neither()
    {
        var spec = Assignments.Spec() with { Reader = new ReaderSpec { Split = new SplitSpec { By = "column", Column = "fold", Training = ["one", "two"], Validation = ["three"] } } };
        var sides = Sides(spec, 100);
        Assert.All(sides, row => Assert.Equal(
            (row.Key.Row % 4) switch { 0 or 1 => Side.Training, 2 => Side.Validation, _ => Side.LeftOut }, row.Value));
        using var folder = new TestFolder();
        using var data = TrainingData.Load(Assignments.Csv(folder.Path, spec, Schema, Lines(100)), folder.Path);
        Assert.Equal((50, 25), (data.Training.Count, data.Validation.Count));
        Assert.DoesNotContain("fold", data.Pipeline.Inputs);
    }

    private static Dictionary<(int Row, string Patient), Side> Sides(TrainingSpec spec, int rows)
    {
        using var folder = new TestFolder();
        using var source = new RowSource(Assignments.Csv(folder.Path, spec, Schema, Lines(rows)), folder.Path);
        var split = new RowSplit(spec, source.Columns);
        var sides = new Dictionary<(int, string), Side>();
        source.Read([], row => sides[(sides.Count, row.Text(2)!)] = split.Of(row));
        return sides;
    }

    private static IEnumerable<string> Lines(int rows) =>
        Enumerable.Range(0, rows).Select(row => $"{row},0.5,p{row % 37},{Folds[row % 4]},{(row % 3 == 0 ? "a" : "b")}");

    /// <summary>As it was made when cells were the text of CSV files.</summary>
    private static ulong Hash(string line)
    {
        var (row, fields) = (new Row(), line.Split(','));
        row.Clear(fields.Length);
        foreach (var (column, field) in fields.Index())
        {
            row.Set(column, field.Length == 0 ? CellKind.Missing : CellKind.Text, Encoding.UTF8.GetBytes(field));
        }

        return row.Hash(3);
    }
}
