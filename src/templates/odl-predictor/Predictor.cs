using System.Runtime.InteropServices;
using OrleansDL.Serving;

namespace MyPredictor;

/// <summary>Answers how far each row's numbers lie from their mean, in standard deviations.</summary>
public sealed class Predictor : IPredictor
{
    public Task<ModelSignature> LoadAsync(IPredictorContext context, CancellationToken cancellationToken) => Task.FromResult(new ModelSignature
    {
        // The first axis is open in all of them: requests may be run together, one below the other.
        Inputs = [new TensorSpec { Name = "values", Type = TensorElementType.Fp32, Shape = [-1, -1] }],
        Outputs = [new TensorSpec { Name = "scores", Type = TensorElementType.Fp32, Shape = [-1, -1] }],
    });

    public ValueTask<IReadOnlyList<Tensor>> PredictAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        var (rows, columns) = ((int)inputs[0].Shape[0], (int)inputs[0].Shape[1]);
        var scores = MemoryMarshal.Cast<byte, float>(inputs[0].Data.Span).ToArray();
        for (var row = 0; row < rows && columns > 0; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = scores.AsSpan(row * columns, columns);
            var (sum, squares) = (0d, 0d);
            foreach (var value in values)
            {
                sum += value;
                squares += (double)value * value;
            }

            var mean = sum / columns;
            var deviation = Math.Sqrt(Math.Max(0, (squares / columns) - (mean * mean)));
            for (var column = 0; column < columns; column++)
            {
                values[column] = deviation > 0 ? (float)((values[column] - mean) / deviation) : 0;
            }
        }

        return ValueTask.FromResult<IReadOnlyList<Tensor>>(
            [new Tensor { Name = "scores", Type = TensorElementType.Fp32, Shape = inputs[0].Shape, Data = MemoryMarshal.AsBytes(scores.AsSpan()).ToArray() }]);
    }
}
