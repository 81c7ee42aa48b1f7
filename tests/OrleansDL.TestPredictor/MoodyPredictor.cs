using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansDL.Serving;

namespace OrleansDL.Tests;

/// <summary>A predictor that does as it is told: doubles its numbers, or fails in one of the ways code can. With a file <c>decoupled.txt</c> each number is an answer.</summary>
public sealed class MoodyPredictor : IDecoupledPredictor
{
    /// <summary>First numbers of a request that are orders.</summary>
    public const float Throw = -1;
    public const float Refuse = -2;
    public const float Crash = -3;
    public const float Hang = -4;
    public const float WaitForCancel = -5;
    public const float AnswerWrongly = -6;
    public const float GoOn = -7;
    public const float Count = -8;
    public const float Grow = -9;

    private static readonly bool IsOver = Environment.ProcessId == 0;

    private float _factor;
    private int _made;
    private int _ended;

    public async Task<ModelSignature> LoadAsync(IPredictorContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (File.Exists(Path.Combine(context.ArtifactFolder, "crash.txt")))
        {
            Write();
        }

        var file = Path.Combine(context.ArtifactFolder, "factor.txt");
        _factor = File.Exists(file)
            ? float.Parse(await File.ReadAllTextAsync(file, cancellationToken), System.Globalization.CultureInfo.InvariantCulture)
            : throw new NotFoundException($"{context.Model} has no factor.txt.");
        return new ModelSignature
        {
            Inputs = [new TensorSpec { Name = "x", Type = TensorElementType.Fp32, Shape = [-1, -1] }],
            Outputs = [new TensorSpec { Name = "y", Type = TensorElementType.Fp32, Shape = [-1, -1] }],
            Decoupled = File.Exists(Path.Combine(context.ArtifactFolder, "decoupled.txt")) ? true : null,
        };
    }

    public async ValueTask<IReadOnlyList<Tensor>> PredictAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var values = MemoryMarshal.Cast<byte, float>(inputs[0].Data.Span).ToArray();
        switch (values.FirstOrDefault())
        {
            case Throw:
                throw new NotSupportedException("not today");
            case Refuse:
                throw new InvalidException("the first number must not be -2");
            case Crash:
                Write();
                break;
            case Hang:
                while (!IsOver)
                {
                    Thread.SpinWait(1000);
                }

                break;
            case WaitForCancel:
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case Grow:
                await GrowAsync(cancellationToken);
                break;
        }

        var answer = MemoryMarshal.AsBytes<float>([.. values.Select(value => value * _factor)]).ToArray();
        return [new Tensor { Name = values.FirstOrDefault() is AnswerWrongly ? "z" : "y", Type = TensorElementType.Fp32, Shape = inputs[0].Shape, Data = answer }];
    }

    /// <summary>An answer for each number, times the factor. <see cref="GoOn"/> goes on for ever, and <see cref="Count"/> tells how many answers that made, and how often it was ended.</summary>
    public async IAsyncEnumerable<IReadOnlyList<Tensor>> AnswersAsync(IReadOnlyList<Tensor> inputs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        foreach (var value in MemoryMarshal.Cast<byte, float>(inputs[0].Data.Span).ToArray())
        {
            switch (value)
            {
                case Throw:
                    throw new NotSupportedException("not today");
                case WaitForCancel:
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                case Count:
                    yield return Answer(Volatile.Read(ref _made), Volatile.Read(ref _ended));
                    break;
                case GoOn:
                    try
                    {
                        while (true)
                        {
                            cancellationToken.ThrowIfCancellationRequested();
                            yield return Answer(Interlocked.Increment(ref _made));
                        }
                    }
                    finally
                    {
                        Interlocked.Increment(ref _ended);
                    }

                default:
                    yield return Answer(value * _factor);
                    break;
            }
        }
    }

    private static Tensor[] Answer(params float[] values) =>
        [new Tensor { Name = "y", Type = TensorElementType.Fp32, Shape = [1, values.Length], Data = MemoryMarshal.AsBytes<float>(values).ToArray() }];

    /// <summary>Takes memory beside the managed heap, which has a bound of its own, at a pace at which whoever watches can follow.</summary>
    private static async Task GrowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Take(4 << 20);
            await Task.Delay(5, cancellationToken);
        }
    }

    private static unsafe void Take(nuint bytes) => NativeMemory.Fill(NativeMemory.Alloc(bytes), bytes, 1);

    private static unsafe void Write() => *(int*)0x10_0000_0000 = 1;
}
