namespace Minka.Models.Layers;

/// <summary>Whether steps are better cut into parts or computed by all cores together: what took less time.</summary>
/// <remarks>
/// That depends on how fast a core reads weights from which cache, how long cores wait for each other and how much of
/// them other processes take, so it is measured while it is used, for each number of tokens on its own. Neighbours are
/// compared, since later steps may be longer or disturbed; and the last of some that went one way, since the first
/// finds the caches as the other way left them. Both ways give the same bits.
/// </remarks>
/// <param name="tokensMax">Tokens of the longest step that may be cut.</param>
/// <param name="time">Clock.</param>
internal sealed class CutChoice(int tokensMax, TimeProvider time)
{
    /// <summary>Steps that go one way before the last of them is compared.</summary>
    public const int Run = 4;

    /// <summary>Comparisons at the start, and then the last ones that count: their median.</summary>
    public const int Pairs = 8;

    /// <summary>Steps until the way that was slower is tried again; twice as many after each trial that finds it slower
    /// still.</summary>
    public const int TrialEvery = 256;

    /// <summary>Most steps until then.</summary>
    public const int TrialEveryMax = 4096;

    private readonly History[] _histories = [.. Enumerable.Range(0, tokensMax + 1).Select(_ => new History())];

    /// <summary>One step, from its beginning to its end.</summary>
    /// <param name="Tokens">Of the step.</param>
    /// <param name="IsCut">Which way it goes.</param>
    /// <param name="Start">When it began.</param>
    public readonly record struct Attempt(int Tokens, bool IsCut, long Start);

    /// <summary>Chooses the way of a step.</summary>
    public Attempt Begin(int tokens) => new(tokens, _histories[tokens].IsCut, time.GetTimestamp());

    /// <summary>Remembers what a step took.</summary>
    public void End(Attempt step) => _histories[step.Tokens].Add(time.GetTimestamp() - step.Start);

    /// <summary>What steps of one length took.</summary>
    private sealed class History
    {
        // How much longer the whole step took than the cut one beside it, in units of the longer of the two.
        private readonly float[] _gains = new float[Pairs];
        private int _pairs, _left = Run, _every;
        private long _before = -1;      // what the last step of the run before took, which went the other way
        private float _gain;            // of the last pair
        private bool _isSettled;

        public bool IsCut { get; private set; }

        public void Add(long ticks)
        {
            if (--_left > 0) return;
            if (_before >= 0) Compare(ticks);
            if (_pairs < Pairs || _isSettled) (IsCut, _left, _before, _isSettled) = (!IsCut, Run, ticks, false);
            else Settle();
        }

        private void Settle()
        {
            (IsCut, _before, _isSettled) = (IsCutFaster(), -1, true);
            var isConfirmed = _gain > 0 == IsCut;
            _every = isConfirmed ? Math.Clamp(2 * _every, TrialEvery, TrialEveryMax) : TrialEvery;
            _left = _every;
        }

        private void Compare(long ticks)
        {
            var (whole, cut) = IsCut ? (_before, ticks) : (ticks, _before);
            _gain = (whole - cut) / (float)Math.Max(1, Math.Max(whole, cut));
            _gains[_pairs % Pairs] = _gain;
            _pairs = _pairs + 1 < 2 * Pairs ? _pairs + 1 : Pairs;
        }

        private bool IsCutFaster()
        {
            Span<float> sorted = stackalloc float[Pairs];
            _gains.CopyTo(sorted);
            sorted.Sort();
            return sorted[(Pairs / 2) - 1] + sorted[Pairs / 2] > 0;
        }
    }
}
