using System.Globalization;
using Minka.Server.Web;

namespace Minka.Server.Observing;

/// <summary>One line every ten seconds in which something was done, and one more when it has ended.</summary>
internal sealed class ThroughputLog(Action<string> write)
{
    private const int Seconds = 10;

    private double _generated, _prompt;
    private int _count;
    private bool _wasBusy;

    /// <summary>Takes the sample of one second.</summary>
    public void Add(LiveSample sample)
    {
        _generated += sample.Generated;
        _prompt += sample.Prompt;
        if (++_count < Seconds) return;
        var isBusy = _generated > 0 || _prompt > 0 || sample.Running > 0 || sample.Waiting > 0;
        if (isBusy || _wasBusy) write(Line(sample));
        (_generated, _prompt, _count, _wasBusy) = (0, 0, 0, isBusy);
    }

    private string Line(LiveSample now) => string.Create(CultureInfo.InvariantCulture,
        $"{_prompt / _count:0.0} tok/s in, {_generated / _count:0.0} tok/s out, {now.Running} running, "
        + $"{now.Waiting} waiting, KV {now.KvUsage * 100:0.0} %, prefix hits {now.PrefixHits * 100:0.0} %");
}
