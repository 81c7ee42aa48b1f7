using System.Text;
using OrleansDL.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Data;

/// <summary>The rows of a dataset version, file by file in manifest order. They can be read any number of times.</summary>
internal sealed class RowSource
{
    /// <summary>Columns that a row of an image dataset has: the file's bytes and the folder's name.</summary>
    private static readonly Column[] ImageColumns =
    [
        new() { Name = "image", Type = ColumnType.Image },
        new() { Name = "label", Type = ColumnType.String },
    ];

    private readonly IReadOnlyList<DatasetEntry> _files;
    private readonly string _folder;
    private readonly string[] _names;

    public RowSource(RunnerAssignment assignment, string folder)
    {
        _folder = folder;
        _files = [.. assignment.Files.Where(file => file.Format is "csv" or "jsonl" or "image")];
        HasImages = assignment.DatasetKind is DatasetKind.Image;
        Columns = HasImages ? ImageColumns : assignment.Schema;
        _names = [.. Columns.Select(column => column.Name)];
        if (_files.Count == 0)
        {
            throw new InvalidException(
                $"Dataset '{assignment.DatasetName}@v{assignment.DatasetVersion}' has no rows to read: none of its files is CSV, JSON Lines or an image.");
        }
    }

    public bool HasImages { get; }

    public IReadOnlyList<Column> Columns { get; }

    public void Read(RowVisitor visit)
    {
        var row = new Row();
        foreach (var file in _files)
        {
            var bytes = File.ReadAllBytes(Path.Combine(_folder, file.Path));
            switch (file.Format)
            {
                case "csv" when !HasImages:
                    CsvRows.Read(file.Path, bytes, file.Header, Columns, row, visit);
                    break;
                case "jsonl" when !HasImages:
                    JsonLines.Read(file.Path, bytes, _names, row, visit);
                    break;
                case "image" when HasImages:
                    row.Where = () => file.Path;
                    row.Clear(Columns.Count);
                    row.Set(0, CellKind.Image, bytes);
                    row.Set(1, file.Label is null ? CellKind.Missing : CellKind.Text, Encoding.UTF8.GetBytes(file.Label ?? ""));
                    visit(row);
                    break;
            }
        }
    }
}
