using static TorchSharp.torch;

namespace OrleansDL.Networks;

/// <summary>
/// A place between two blocks that changes nothing. Backward passes it when the gradients of all that comes after it are made: libtorch takes, of the
/// steps that can be taken, the one whose forward came last, and adds a parameter's gradient to the others before any of them.
/// </summary>
internal sealed class GradientMark : autograd.SingleTensorFunction<GradientMark>
{
    public override string Name => nameof(GradientMark);

    /// <param name="value">What one block gives to the next.</param>
    /// <param name="complete">Told from where on the gradients are made; it must not throw, for libtorch calls it.</param>
    /// <param name="from">Place in the flat gradients.</param>
    public static Tensor Apply(Tensor value, Action<long> complete, long from) => apply(value, complete, from);

    public override Tensor forward(autograd.AutogradContext context, params object[] arguments)
    {
        context.save_data("complete", arguments[1]);
        context.save_data("from", arguments[2]);
        return ((Tensor)arguments[0]).alias();
    }

    public override List<Tensor> backward(autograd.AutogradContext context, Tensor gradient)
    {
        ((Action<long>)context.get_data("complete"))((long)context.get_data("from"));
        return [gradient.alias(), null!, null!];
    }
}
