using System.Runtime.InteropServices;
using Minka.Compute;

namespace Minka.Golden;

/// <summary>
/// The same weights in llama.cpp (golden/llamacpp): last logits of a prompt, and 64 greedy tokens as text.
/// </summary>
/// <remarks>
/// A case is named MODEL-TYPE; MODEL begins the name of a folder in models, TYPE says how it is quantised.
/// </remarks>
public sealed class LlamaCppGoldens
{
    private const string Folder = "golden/llamacpp";

    public static TheoryData<string> Cases() => SharedFolder.Cases(Folder);

    [Theory, MemberData(nameof(Cases))]
    public void Last_logits_are_close_to_those_of_llama_cpp(string name)
    {
        var folder = SharedFolder.Require(Folder, name);
        var (model, type) = ModelOf(name);
        var tokensFile = Directory.GetFiles(folder, "*-tokens.bin").Single();
        var prompt = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(tokensFile)).ToArray();
        var logitsFile = tokensFile.Replace("-tokens", "", StringComparison.Ordinal);
        var expected = File.ReadAllBytes(logitsFile);
        // llama.cpp rounds activations to int8 (and keeps KV in f16) for every quantised weight; f32 weights do not.
        var cosine = Cosine(reference: false);
        if (cosine > (type is null ? 0.99999 : 0.999)) return;

        // Both round, by as much and independently of each other, so their angles add as at a right angle, to 1.4 times
        // that of one. Which order sums come in is chance (minimind2 in Q8_0: 1.2 times with SSSE3, 1.5 with AVX2, 1.7
        // by the scalar specification), hence twice. Computed in f32 only llama.cpp's is left.
        Assert.True(type is not null, $"The logits have a cosine of {cosine}.");
        var exact = Cosine(reference: true);
        var least = 1 - (4 * (1 - exact));    // a cosine's distance from 1 grows with the square of the angle
        Assert.True(exact > 0.999, $"Computed in f32 the logits have a cosine of {exact}, and of {cosine} otherwise.");
        Assert.True(cosine > least, $"The logits have a cosine of {cosine}; {least} was expected at least.");

        double Cosine(bool reference)
        {
            using var run = new GoldenRun(model, reference, type);
            var logits = run.Run(prompt, 0, 1);
            var reached = MemoryMarshal.Cast<byte, float>(expected);
            Assert.Equal(GoldenRun.ArgMax(reached), GoldenRun.ArgMax(logits));
            return Closeness.Cosine(logits, reached);
        }
    }

    private static (string Model, DType? Type) ModelOf(string name)
    {
        var dash = name.LastIndexOf('-');
        var (model, type) = (name[..dash], name[(dash + 1)..]);
        var folder = Directory.Exists(SharedFolder.At("models"))
            ? Directory.GetDirectories(SharedFolder.At("models"), model + "*").FirstOrDefault() : null;
        if (folder is null)
            Assert.Skip($"{SharedFolder.At("models")} has no folder {model}*: the weights of '{name}'.");
        return type switch
        {
            "f32" => (folder, null),
            "q8_0" => (folder, DType.Q8_0),
            "q4_0" => (folder, DType.Q4_0),
            _ => throw Xunit.Sdk.SkipException.ForSkip($"{name}: the type {type} is not built yet."),
        };
    }
}
