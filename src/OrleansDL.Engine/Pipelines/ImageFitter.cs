using OrleansDL.Data;
using OrleansDL.Datasets;

namespace OrleansDL.Pipelines;

internal sealed class ImageFitter(InputPlan plan) : PipelineFitter
{
    /// <summary>Sides of image files when the spec names none: those of the first training image, up to this many pixels.</summary>
    private const int GreatestSide = 64;

    private (int Height, int Width, int Channels)? _first;
    private double _greatest;

    public override void Add(Row row)
    {
        switch (plan.Picture)
        {
            case ColumnType.Image:
                _first ??= ImageFile.Measure(row.Bytes(plan.Columns[0]), row.Where);
                return;
            case ColumnType.Tensor:
                return;
        }

        foreach (var cell in plan.Columns)
        {
            if (row.TryNumber(cell, out var number))
            {
                _greatest = Math.Max(_greatest, number);
            }
        }
    }

    public override Pipeline Fit(IReadOnlyList<string> labels) => plan.Picture is ColumnType.Tensor ? FitTensor(labels) : new ImagePipeline
    {
        LabelColumn = plan.LabelName,
        Labels = labels,
        Height = plan.Spec.Height ?? Math.Min(GreatestSide, _first!.Value.Height),
        Width = plan.Spec.Width ?? Math.Min(GreatestSide, _first!.Value.Width),
        Channels = plan.Spec.Channels ?? _first!.Value.Channels,
        Scale = plan.Spec.Scale ?? (plan.Picture is ColumnType.Image ? 255 : _greatest > 0 ? _greatest : 1),
        Columns = plan.Picture is ColumnType.Image ? null : [.. plan.Columns.Select(column => plan.Schema[column].Name)],
        Column = plan.Picture is ColumnType.Image && plan.Schema[plan.Columns[0]].Name is var name && name != ImagePipeline.DefaultColumn ? name : null,
    };

    private ImagePipeline FitTensor(IReadOnlyList<string> labels)
    {
        var column = plan.Schema[plan.Columns[0]];
        var shape = TensorShape.Parse(column.Tensor);
        var (height, width, channels) = TensorPixels.Sides(shape)
            ?? throw new InvalidException($"Column '{column.Name}' is {shape}, which is no image. Tensors of [width], [height,width], [height,width,1 or 3] and [1 or 3,height,width] are read as such.");
        if ((plan.Spec.Height ?? height) != height || (plan.Spec.Width ?? width) != width || (plan.Spec.Channels ?? channels) != channels)
        {
            throw new InvalidException($"Column '{column.Name}' is {shape}: tensors are not resized. Leave input.height, input.width and input.channels out.");
        }

        return new ImagePipeline
        {
            LabelColumn = plan.LabelName,
            Labels = labels,
            Height = height,
            Width = width,
            Channels = channels,
            Scale = plan.Spec.Scale ?? (shape.Element == "uint8" ? 255 : 1),
            Column = column.Name == ImagePipeline.DefaultColumn ? null : column.Name,
            Tensor = shape.ToString(),
        };
    }
}
