using System.Buffers.Binary;
using OrleansDL.Inference;

namespace OrleansDL.Serving;

/// <summary>Runs a model on the requests its configuration warms it with. What callers do not give (controls, states) is zeros.</summary>
internal static class WarmUpRun
{
    /// <param name="model">The model.</param>
    /// <param name="warmUps">The requests.</param>
    /// <param name="folder">Where their files lie.</param>
    /// <exception cref="InvalidException">One does not fit the model, or the model refuses it.</exception>
    public static async Task RunAsync(ITensorModel model, IReadOnlyList<WarmUp> warmUps, string folder)
    {
        foreach (var warmUp in warmUps)
        {
            try
            {
                var request = new InferRequest { Inputs = [.. model.Signature.Inputs.Select(input => Input(input, warmUp, folder))] };
                for (var run = 0; run < warmUp.Count; run++)
                {
                    await RunAsync(model, request);
                }
            }
            catch (InvalidException error)
            {
                throw new InvalidException($"failed to run warmup sample '{warmUp.Name}': {error.Message}");
            }
        }

        if (warmUps.SelectMany(warmUp => warmUp.Inputs).FirstOrDefault(input => model.Signature.Inputs.All(known => known.Name != input.Input)) is { } unknown)
        {
            throw new InvalidException($"failed to run warmup: unexpected inference input '{unknown.Input}' for model '{model.Model}'");
        }
    }

    private static async ValueTask RunAsync(ITensorModel model, InferRequest request)
    {
        if (model is not IDecoupledModel { Signature.Decoupled: true } decoupled)
        {
            await model.InferAsync(request, CancellationToken.None);
            return;
        }

        // The first answer is enough, for there may be no last.
        await using var answers = decoupled.AnswersAsync(request, CancellationToken.None).GetAsyncEnumerator();
        await answers.MoveNextAsync();
    }

    private static Tensor Input(TensorSpec spec, WarmUp warmUp, string folder)
    {
        var given = warmUp.Inputs.FirstOrDefault(input => input.Input == spec.Name);
        IEnumerable<long> row = given?.Shape ?? spec.Shape.Skip(warmUp.Rows > 0 ? 1 : 0).Select(size => Math.Max(1, size));
        long[] shape = warmUp.Rows > 0 ? [warmUp.Rows, .. row] : [.. row];
        var elements = shape.Aggregate(1L, (product, size) => checked(product * size));
        return new Tensor { Name = spec.Name, Type = spec.Type, Shape = shape, Data = given?.File is { } file ? FromFile(Path.Combine(folder, file), elements * ModelSession.SizeOf(spec.Type), warmUp.Rows) : Made(spec.Type, elements, given?.IsRandom ?? false) };
    }

    /// <summary>A file of one row stands for as many as are wanted. Whether it then has the right length is checked with the request.</summary>
    private static byte[] FromFile(string file, long length, int rows)
    {
        var bytes = File.ReadAllBytes(file);
        return rows > 1 && bytes.Length != length ? [.. Enumerable.Repeat(bytes, rows).SelectMany(row => row)] : bytes;
    }

    private static byte[] Made(TensorElementType type, long elements, bool isRandom)
    {
        var size = type is TensorElementType.Bytes ? sizeof(uint) : ModelSession.SizeOf(type);
        var bytes = new byte[checked(elements * size)];
        if (!isRandom || type is TensorElementType.Bytes)
        {
            // A text of no characters is its length, 0.
            return bytes;
        }

        var random = new Random(1);
        for (var at = 0; at < bytes.Length; at += size)
        {
            var target = bytes.AsSpan(at, size);
            switch (type)
            {
                case TensorElementType.Fp32:
                    BinaryPrimitives.WriteSingleLittleEndian(target, random.NextSingle());
                    break;
                case TensorElementType.Fp64:
                    BinaryPrimitives.WriteDoubleLittleEndian(target, random.NextDouble());
                    break;
                case TensorElementType.Fp16:
                    BinaryPrimitives.WriteHalfLittleEndian(target, (Half)random.NextSingle());
                    break;
                case TensorElementType.Bf16:
                    BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16));
                    break;
                case TensorElementType.Bool:
                    target[0] = (byte)random.Next(2);
                    break;
                default:
                    random.NextBytes(target);
                    break;
            }
        }

        return bytes;
    }
}
