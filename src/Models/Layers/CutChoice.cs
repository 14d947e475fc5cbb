namespace Minka.Models.Layers;

/// <summary>Whether steps are better cut into parts or computed by all cores together: what took less time.</summary>
/// <remarks>
/// That depends on how fast a core reads weights from which cache, how long cores wait for each other and how much of
/// them other processes take, so it is measured while it is used, for each number of tokens on its own. Only a step and
/// the one right after it are compared, since the next ones may be longer or disturbed. Both ways give the same bits.
/// </remarks>
/// <param name="tokensMax">Tokens of the longest step that may be cut.</param>
/// <param name="time">Clock.</param>
internal sealed class CutChoice(int tokensMax, TimeProvider time)
{
    /// <summary>Pairs of steps that are compared first, and then the last ones that count: their median.</summary>
    public const int Pairs = 8;

    /// <summary>Steps from one that goes the slower way, for comparison, to the next.</summary>
    public const int TrialEvery = 128;

    private readonly History[] _histories = [.. Enumerable.Range(0, tokensMax + 1).Select(_ => new History())];

    /// <summary>One step, from its beginning to its end.</summary>
    /// <param name="Tokens">Of the step.</param>
    /// <param name="IsCut">Which way it goes.</param>
    /// <param name="Start">When it began.</param>
    public readonly record struct Attempt(int Tokens, bool IsCut, long Start);

    /// <summary>Chooses the way of a step.</summary>
    public Attempt Begin(int tokens) => new(tokens, _histories[tokens].Next(), time.GetTimestamp());

    /// <summary>Remembers what a step took.</summary>
    public void End(Attempt step) => _histories[step.Tokens].Add(step.IsCut, time.GetTimestamp() - step.Start);

    /// <summary>What steps of one length took.</summary>
    private sealed class History
    {
        // How much longer the whole step took than the cut one beside it, in units of the longer of the two.
        private readonly float[] _gains = new float[Pairs];
        private int _pairs, _stepsLeft;
        private bool _isCutFaster, _wasCut;
        private long _last = -1;

        public bool Next()
        {
            if (_pairs < Pairs) return _last >= 0 && !_wasCut;
            if (_stepsLeft > 0) return _isCutFaster;
            return !_isCutFaster;
        }

        public void Add(bool isCut, long ticks)
        {
            if (_stepsLeft-- <= 0 && _last >= 0 && isCut != _wasCut)
            {
                var (whole, cut) = isCut ? (_last, ticks) : (ticks, _last);
                _gains[_pairs % Pairs] = (whole - cut) / (float)Math.Max(1, Math.Max(whole, cut));
                _pairs = _pairs + 1 < 2 * Pairs ? _pairs + 1 : Pairs;
                if (_pairs >= Pairs) Decide();
            }
            (_wasCut, _last) = (isCut, ticks);
        }

        private void Decide()
        {
            Span<float> sorted = stackalloc float[Pairs];
            _gains.CopyTo(sorted);
            sorted.Sort();
            _isCutFaster = sorted[(Pairs / 2) - 1] + sorted[Pairs / 2] > 0;
            _stepsLeft = TrialEvery - 1;
        }
    }
}
