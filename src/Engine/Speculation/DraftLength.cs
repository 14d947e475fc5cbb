namespace Minka.Engine.Speculation;

/// <summary>How many tokens of one sequence are worth a guess now.</summary>
/// <remarks>
/// Guesses that are all right make the next ones longer; a wrong one cuts them to what was right and one more, or to
/// half if that is more: one changed word of a copy says little about the next. When nothing is right, the next ones
/// are a quarter as long, and guessing rests, four times as long each time: text that cannot be guessed costs next to
/// nothing. Who guesses for free goes on doing so meanwhile, without anybody verifying it, and the rest is over when
/// one of these guesses was right: a copy that begins late is not missed.
/// </remarks>
internal sealed class DraftLength
{
    private const int RestMax = 64, RestGrowth = 4, StartLength = 4, LengthMax = 64;

    private int _length = StartLength, _rest, _nextRest = 1;
    private (int Position, int Token)? _foreseen;

    /// <summary>Tokens to guess in this step, at most <paramref name="most"/>; asked once per step.</summary>
    public int Next(int most)
    {
        if (_rest > 0)
        {
            _rest--;
            return 0;
        }
        return Math.Min(_length, most);
    }

    /// <summary>Keeps a guess that nobody verifies.</summary>
    /// <param name="position">Where it would stand, next in the text.</param>
    /// <param name="token">What it is.</param>
    public void Foresee(int position, int token) => _foreseen = (position, token);

    /// <summary>Ends the rest if the text went on as it was foreseen.</summary>
    /// <param name="tokens">The text.</param>
    public void Look(ReadOnlySpan<int> tokens)
    {
        if (_foreseen is not { } guess || guess.Position >= tokens.Length) return;
        if (tokens[guess.Position] == guess.Token) (_rest, _nextRest) = (0, 1);
        _foreseen = null;
    }

    /// <summary>Learns how many of the guesses were right.</summary>
    public void Learn(int drafted, int accepted)
    {
        if (accepted == drafted) _length = Math.Max(_length, Math.Min(2 * drafted, LengthMax));
        else if (accepted > 0) _length = Math.Max(accepted + 1, drafted / 2);
        else _length = Math.Max(1, drafted / 4);
        if (accepted > 0) _nextRest = 1;
        else
        {
            _rest = _nextRest;
            _nextRest = Math.Min(RestGrowth * _nextRest, RestMax);
        }
    }
}
