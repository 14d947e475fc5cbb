using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Models.Loading;

namespace Minka.Golden;

/// <summary>A model loaded for a golden test: one sequence, run as the test says.</summary>
internal sealed class GoldenRun : IDisposable
{
    private const int StepTokens = 512;

    private readonly IWeightFile _file;
    private readonly CpuBackend _backend;
    private readonly ForwardInput _input;
    private readonly int[] _blocks;
    private float[] _logits;

    /// <param name="path">Model file or folder.</param>
    /// <param name="reference">Everything in f32, or the product's default arithmetic.</param>
    /// <param name="weightType">Quantise on load.</param>
    /// <param name="kvType">How keys and values are stored.</param>
    public GoldenRun(string path, bool reference, DType? weightType = null, DType? kvType = null)
    {
        _file = ModelFiles.Open(path);
        _backend = new CpuBackend(new CpuOptions { Threads = 2, Reference = reference });
        var blocks = (int)Math.Min(4096, _file.Config.ContextLength + 1024) / KvShape.BlockTokens + 1;
        var limits = new StepLimits(StepTokens, 1, StepTokens, blocks);
        Model = Decoder.Load(_file, _backend, new()
        {
            KvBlocks = blocks,
            Limits = limits,
            KvType = kvType ?? (reference ? DType.F32 : DType.F16),
            WeightType = weightType,
        });
        _input = new(limits);
        _blocks = [.. Enumerable.Range(0, blocks).Reverse()];
        _logits = new float[StepTokens * Model.Config.VocabularySize];
    }

    public Decoder Model { get; }

    public int Vocabulary => Model.Config.VocabularySize;

    /// <summary>
    /// Logits of the last <paramref name="wanted"/> tokens after running them at <paramref name="start"/>.
    /// </summary>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens, int start, int wanted, int? promptLength = null)
    {
        _input.Clear();
        _input.AddSequence(tokens, start, promptLength ?? start + tokens.Length, _blocks, wanted);
        Model.Forward(_input, _logits);
        return _logits.AsSpan(0, wanted * Vocabulary);
    }

    /// <summary>Greedy continuation, with the logits' margins ignored.</summary>
    public List<int> Greedy(int[] prompt, int count, Func<int, bool>? stop = null)
    {
        var ids = new List<int>();
        var next = ArgMax(Run(prompt, 0, 1));
        while (true)
        {
            ids.Add(next);
            if (ids.Count == count || stop?.Invoke(next) == true) return ids;
            next = ArgMax(Run([next], prompt.Length + ids.Count - 1, 1, prompt.Length));
        }
    }

    /// <summary>Sum of <c>-ln p(token)</c> over all tokens but the first <paramref name="skip"/>.</summary>
    public double NegativeLogLikelihood(ReadOnlySpan<int> tokens, int skip = 1)
    {
        var sum = 0.0;
        for (var start = 0; start < tokens.Length; start += StepTokens)
        {
            var chunk = tokens.Slice(start, Math.Min(StepTokens, tokens.Length - start));
            var logits = Run(chunk, start, chunk.Length, tokens.Length);
            for (var i = 0; i < chunk.Length; i++)
            {
                var target = start + i + 1;
                if (target >= skip && target < tokens.Length)
                    sum -= LogProbability(logits.Slice(i * Vocabulary, Vocabulary), tokens[target]);
            }
        }
        return sum;
    }

    /// <summary>Index of the largest logit, the first of equals.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best]) best = i;
        return best;
    }

    private static double LogProbability(ReadOnlySpan<float> logits, int token)
    {
        var max = logits[ArgMax(logits)];
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - max);
        return logits[token] - max - Math.Log(sum);
    }

    public void Dispose()
    {
        Model.Dispose();
        _backend.Dispose();
        _file.Dispose();
    }
}
