using System.Diagnostics;
using Minka.Compute;
using Minka.Models;

namespace Minka.Bench.Models;

/// <summary>Sequences that decode together, without scheduler or sampler.</summary>
internal sealed class Decoding : IDisposable
{
    /// <summary>Tokens of each sequence before the first one that is timed.</summary>
    public const int Depth = 64;

    private readonly Decoder _model;
    private readonly ForwardInput _input;
    private readonly float[] _logits;
    private readonly int _tableBlocks;

    /// <summary>Loads a model with room for some sequences.</summary>
    /// <param name="file">Weights; the caller's.</param>
    /// <param name="backend">Computes; the caller's.</param>
    /// <param name="sequences">At most.</param>
    /// <param name="steps">Steps of one run, at most.</param>
    public Decoding(IWeightFile file, IBackend backend, int sequences, int steps)
    {
        _tableBlocks = ((Depth + steps) / KvShape.BlockTokens) + 1;
        var limits = new StepLimits(Math.Max(Depth, sequences), sequences, sequences, _tableBlocks * sequences);
        _model = Decoder.Load(file, backend, new() { KvBlocks = limits.TableBlocks, Limits = limits });
        _input = new ForwardInput(limits);
        _logits = new float[limits.LogitRows * _model.Config.VocabularySize];
        Prefill(sequences);
    }

    /// <summary>Tokens per second of all sequences together.</summary>
    public double Decode(int sequences, int steps)
    {
        var start = Stopwatch.GetTimestamp();
        for (var step = 0; step < steps; step++)
        {
            _input.Clear();
            for (var s = 0; s < sequences; s++) _input.AddSequence([7 + s], Depth + step, Depth, Table(s), 1);
            _model.Forward(_input, _logits);
        }
        return sequences * steps / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private void Prefill(int sequences)
    {
        var tokens = Enumerable.Range(0, Depth).Select(i => i % _model.Config.VocabularySize).ToArray();
        for (var s = 0; s < sequences; s++)
        {
            _input.Clear();
            _input.AddSequence(tokens, 0, Depth, Table(s), 1);
            _model.Forward(_input, _logits);
        }
    }

    private int[] Table(int sequence) => [.. Enumerable.Range(sequence * _tableBlocks, _tableBlocks)];
}
