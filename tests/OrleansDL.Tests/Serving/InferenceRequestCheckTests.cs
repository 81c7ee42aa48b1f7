using System.Text;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Tests.Serving;

public sealed class InferenceRequestCheckTests
{
    private static readonly ModelSignature Signature = new()
    {
        Inputs =
        [
            new TensorSpec { Name = "a", Type = TensorElementType.Fp32, Shape = [-1, 2] },
            new TensorSpec { Name = "b", Type = TensorElementType.Int64, Shape = [1] },
        ],
        Outputs = [new TensorSpec { Name = "y", Type = TensorElementType.Fp32, Shape = [-1] }],
    };

    private const string A = """{"name":"a","shape":[3,2],"datatype":"FP32","data":[1,2,3,4,5,6]}""";
    private const string B = """{"name":"b","shape":[1],"datatype":"INT64","data":[1]}""";

    [Fact]
    public void A_request_that_fits_the_signature_passes() =>
        InferenceRequestCheck.Check(Read($$"""{"inputs":[{{B}},{{A}}],"outputs":[{"name":"y"}]}"""), Signature, "m");

    [Theory]
    [InlineData("[" + A + "]", "expected 2 inputs but got 1 inputs for model 'm'. Got input(s) ['a'], but missing required input(s) ['b']. Please provide all required input(s).")]
    [InlineData("[]", "expected 2 inputs but got 0 inputs for model 'm'. Got input(s) [], but missing required input(s) ['a','b']. Please provide all required input(s).")]
    [InlineData("[" + A + "," + A + "]", "input 'a' already exists in request")]
    [InlineData("""[{"name":"z","shape":[1],"datatype":"INT64","data":[1]}]""", "unexpected inference input 'z' for model 'm'")]
    [InlineData("""[{"name":"a","shape":[1,2],"datatype":"INT32","data":[1,2]}]""", "inference input 'a' data-type is 'INT32', but model 'm' expects 'FP32'")]
    [InlineData("""[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]""", "unexpected shape for input 'a' for model 'm'. Expected [-1,2], got [1,3]. ")]
    [InlineData("""[{"name":"a","shape":[2],"datatype":"FP32","data":[1,2]}]""", "unexpected shape for input 'a' for model 'm'. Expected [-1,2], got [2]. ")]
    public void Inputs_that_do_not_fit_the_signature_are_refused(string inputs, string message)
    {
        var error = Assert.Throws<InferenceProtocolException>(() =>
            InferenceRequestCheck.Check(Read($$"""{"inputs":{{inputs}}}"""), Signature, "m"));

        Assert.Equal(400, error.Status);
        Assert.Equal("[request id: <id_unknown>] " + message, error.Message);
    }

    [Fact]
    public void An_output_the_model_does_not_have_is_refused()
    {
        var error = Assert.Throws<InferenceProtocolException>(() =>
            InferenceRequestCheck.Check(Read($$"""{"inputs":[{{A}},{{B}}],"outputs":[{"name":"q"}]}"""), Signature, "m"));

        Assert.Equal("[request id: <id_unknown>] unexpected inference output 'q' for model 'm'", error.Message);
    }

    private static InferenceCall Read(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        return InferenceRequestReader.Read(bytes, bytes.Length, "m");
    }
}
