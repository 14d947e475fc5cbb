using Minka.Cli;

using var terminal = Terminal.OfThisProcess();
return await Door.OpenAsync(args, terminal);
