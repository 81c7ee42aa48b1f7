using System.Runtime.InteropServices;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>Requests and answers in messages. Tensors that are large together lie in the call's room, and only where they lie is in the message.</summary>
public static class TensorFrames
{
    /// <summary>Bytes of tensors that a message carries itself.</summary>
    public const int MaximumInline = 32 * 1024;

    private const long Inline = -1;
    private const int Alignment = 64;
    private const int GreatestRank = 255;

    /// <summary>Room that tensors take.</summary>
    public static long SizeOf(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            bytes += Aligned(tensor.Data.Length);
        }

        return bytes;
    }

    /// <param name="frame">Takes them.</param>
    /// <param name="requests">What is asked.</param>
    /// <param name="room">Takes the tensors; null: the message does.</param>
    public static void Write(FrameWriter frame, IReadOnlyList<InferRequest> requests, ITensorRoom? room)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(requests);
        frame.Int32(requests.Count);
        var at = 0L;
        foreach (var request in requests)
        {
            frame.Int32(request.Outputs.Count);
            foreach (var output in request.Outputs)
            {
                frame.Text(output);
            }

            Write(frame, request.Inputs, room, ref at);
        }
    }

    /// <exception cref="InvalidDataException">The message is not of this form.</exception>
    public static IReadOnlyList<InferRequest> ReadRequests(Frame frame, ITensorRoom? room)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var requests = new InferRequest[frame.Count()];
        for (var index = 0; index < requests.Length; index++)
        {
            var outputs = new string[frame.Count()];
            for (var output = 0; output < outputs.Length; output++)
            {
                outputs[output] = frame.Text();
            }

            requests[index] = new InferRequest { Outputs = outputs, Inputs = ReadTensors(frame, room) };
        }

        return requests;
    }

    /// <param name="frame">Takes them.</param>
    /// <param name="answers">What is answered.</param>
    /// <param name="room">Takes the tensors where they fit and are many; what was in it is read no more.</param>
    public static void Write(FrameWriter frame, IReadOnlyList<InferAnswer> answers, ITensorRoom? room)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(answers);
        var size = answers.Sum(answer => SizeOf(answer.Outputs));
        var used = size > MaximumInline && size <= room?.Size ? room : null;
        frame.Int64(size).Int32(answers.Count);
        var at = 0L;
        foreach (var answer in answers)
        {
            Write(frame, answer.Outputs, used, ref at);
            frame.Int32(answer.Top.Count);
            foreach (var (label, score) in answer.Top)
            {
                frame.Text(label).Double(score);
            }

            var times = answer.Times ?? default;
            frame.Int64(times.Input).Int64(times.Run).Int64(times.Output).Int32(times.Rows).Int32(times.BatchSize).Int32(times.CountsExecution ? 1 : 0);
        }
    }

    /// <param name="frame">The message.</param>
    /// <param name="room">Where the call's tensors may lie.</param>
    /// <param name="size">Room that they take, or would have taken.</param>
    /// <exception cref="InvalidDataException">The message is not of this form.</exception>
    public static InferAnswer[] ReadAnswers(Frame frame, ITensorRoom? room, out long size)
    {
        ArgumentNullException.ThrowIfNull(frame);
        size = frame.Int64();
        var answers = new InferAnswer[frame.Count()];
        for (var index = 0; index < answers.Length; index++)
        {
            var outputs = ReadTensors(frame, room);
            var top = new LabelScore[frame.Count()];
            for (var row = 0; row < top.Length; row++)
            {
                top[row] = new LabelScore(frame.Text(), frame.Double());
            }

            answers[index] = new InferAnswer
            {
                Outputs = outputs,
                Top = top,
                Times = new InferTimes
                {
                    Input = frame.Int64(),
                    Run = frame.Int64(),
                    Output = frame.Int64(),
                    Rows = frame.Int32(),
                    BatchSize = frame.Int32(),
                    CountsExecution = frame.Int32() != 0,
                },
            };
        }

        return answers;
    }

    private static void Write(FrameWriter frame, IReadOnlyList<Tensor> tensors, ITensorRoom? room, ref long at)
    {
        frame.Int32(tensors.Count);
        foreach (var tensor in tensors)
        {
            frame.Text(tensor.Name).Int32((int)tensor.Type).Bytes(MemoryMarshal.AsBytes(tensor.Shape.AsSpan()));
            if (room is null)
            {
                frame.Int64(Inline).Bytes(tensor.Data.Span);
                continue;
            }

            room.Write(at, tensor.Data.Span);
            frame.Int64(at).Int64(tensor.Data.Length);
            at += Aligned(tensor.Data.Length);
        }
    }

    private static Tensor[] ReadTensors(Frame frame, ITensorRoom? room)
    {
        var tensors = new Tensor[frame.Count()];
        for (var index = 0; index < tensors.Length; index++)
        {
            var (name, type, shape) = (frame.Text(), (TensorElementType)frame.Int32(), frame.Bytes());
            if (!Enum.IsDefined(type) || shape.Length % sizeof(long) != 0 || shape.Length > GreatestRank * sizeof(long))
            {
                throw new InvalidDataException($"A message holds a tensor of type {(int)type} and {shape.Length} bytes of shape.");
            }

            var offset = frame.Int64();
            tensors[index] = new Tensor
            {
                Name = name,
                Type = type,
                Shape = MemoryMarshal.Cast<byte, long>(shape.Span).ToArray(),
                Data = offset == Inline ? frame.Bytes() : (room ?? throw new InvalidDataException("A message names a place in a room it was not given.")).Read(offset, frame.Int64()),
            };
        }

        return tensors;
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
